import { factsHash, type CallFacts } from '../../calls/facts';
import { ZERO } from '../../money';
import type { Actor, CallReport } from '../commands';
import type { CallState } from '../state';
import { assess, giveBack, payerOfCall, type Change, type Payer } from './charge';
import { costInMoney, withCost } from './cost';
import type { Draft } from './draft';
import { releaseHold } from './holds';
import { betterFacts, carriersOf, isCarrier, isDisputed } from './links';
import { capOf, existingCall, postRevision, standingResult, type CallAnswer } from './revision';

/**
 * Closes the carrier's calls of an agent's call that is charged now: what they were charged is given back, because the
 * agent's facts are billed (money-rules 12). Their wallet's alert waits for the agent's charge, when it is the same.
 */
export function absorbCarriers(draft: Draft, call: CallState, payer: Payer, actor: Actor): void {
  for (const carrier of carriersOf(draft, call)) {
    const closed: CallState = { ...carrier, state: 'closed', reason: 'linked', linkedTo: call.callId };
    if (carrier.state === 'suspense') draft.putCall(closed);
    if (carrier.state !== 'charged') continue;
    const before = payerOfCall(draft, carrier);
    const returned = giveBack(draft, before, carrier, carrier.price, carrier.startedAt);
    const free: CallFacts = {
      ...carrier.facts,
      outcome: 'unconnected',
      cost: { amount: 0n, currency: draft.state.partner.currency }, // counted with the agent's call from now on
    };
    const change = withCost(draft, before, returned, { ...carrier, facts: free });
    postRevision(draft, { ...closed, inReview: ZERO }, before, change, {
      kind: 'call',
      actor,
      facts: free,
      previousPrice: carrier.price,
      assessment: assess(free, before.rate, undefined),
      untold: before.walletId === payer.walletId ? payer.walletId : undefined,
    });
  }
}

/** A carrier's report of a call that an agent's provider reported: kept, and its cost added to the agent's call. */
export function link(draft: Draft, call: CallState, report: CallReport): CallAnswer {
  draft.putCall(call);
  // What was reserved for it by the carrier's id serves nobody now.
  if (draft.hold(call.callId)?.state === 'live')
    releaseHold(draft, { kind: 'release', actor: report.actor, identity: call.identity, only: null, as: 'released' });
  draft.putFacts(call.callId, factsHash(report.facts), report.facts, 'closed', null);
  return answerOfAgent(draft, call, report.actor);
}

/** A later report of a carrier's call that is linked: it may know the cost by now. */
export function reportLinked(draft: Draft, call: CallState, report: CallReport): CallAnswer {
  const hash = factsHash(report.facts);
  if (draft.seenFacts(call.callId, hash) === undefined) {
    draft.putFacts(call.callId, hash, report.facts, 'closed', null);
    draft.putCall({ ...call, facts: betterFacts(report.facts, call.facts) });
  }
  return answerOfAgent(draft, call, report.actor);
}

/**
 * A charged call of an agent whose report tells the carrier's id only now: linked as if it had told it at first, unless
 * the carrier's call went to another customer meanwhile, which is for a human to undo.
 */
export function linkLate(draft: Draft, known: CallState, report: CallReport): CallState {
  const carrierCallId = report.carrierCallId ?? null;
  if (known.carrierCallId !== null || carrierCallId === null || isCarrier(known.identity)) return known;
  const call: CallState = { ...known, carrierCallId };
  draft.putCall(call);
  const disputed = carriersOf(draft, call).filter((each) => isDisputed(call, each, call.customerId!));
  for (const carrier of disputed)
    draft.writes.audits.push({
      actor: report.actor.id,
      action: 'call.link_disputed',
      subject: call.callId,
      change: { other_call: carrier.callId, other_customer: carrier.customerId ?? '' },
    });
  if (disputed.length > 0) return call;
  absorbCarriers(draft, call, payerOfCall(draft, call), report.actor);
  bookCost(draft, call, report.actor);
  return draft.call(call.callId)!;
}

/** What a carrier's report is answered: the agent's charge, after its cost was brought up to date. */
function answerOfAgent(draft: Draft, carrier: CallState, actor: Actor): CallAnswer {
  const agent = existingCall(draft, carrier.linkedTo!);
  if (agent.state === 'charged') bookCost(draft, agent, actor);
  return { result: standingResult(draft, draft.call(agent.callId)!, null), replayed: true };
}

/** Brings the cost of a charged call up to date with what is linked to it; its price stays. */
function bookCost(draft: Draft, call: CallState, actor: Actor): void {
  const payer = payerOfCall(draft, call);
  const { price, overage, overagePaid, overageRate, costPaid } = call;
  const charge = { price, overage, overagePaid, overageRate, costPaid };
  const unchanged: Change = { lines: [], charge, payerAmount: ZERO, partnerAmount: ZERO, flagged: ZERO };
  const change = withCost(draft, payer, unchanged, call);
  if (change.lines.length === 0) return draft.putCall({ ...call, cost: costInMoney(draft, call) });
  const assessment = assess(call.facts, payer.rate, capOf(draft, call));
  postRevision(draft, call, payer, change, {
    kind: 'call',
    actor,
    facts: call.facts,
    previousPrice: call.price,
    assessment,
  });
}
