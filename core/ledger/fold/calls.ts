import { compareFacts, factsHash, type CallFacts } from '../../calls/facts';
import { TalktimeError } from '../../contract/errors';
import { ZERO } from '../../money';
import { PARTNER_WALLET } from '../accounts';
import type { Actor, CallAssignment, CallDismissal, CallReassignment, CallReport } from '../commands';
import type { CallState, CustomerState, Disposition, Result, SuspenseReason } from '../state';
import { assess, chargeMore, giveBack, payerOf, payerOfCall, payerOfHold, UNCHARGED } from './charge';
import { costInMoney, withCost } from './cost';
import type { Draft } from './draft';
import { requireHost, requireHostToMint } from './funds';
import { callIdOf, revisionId } from './identities';
import { absorbCarriers, link, linkLate, reportLinked } from './linking';
import { agentOf } from './links';
import { capOf, existingCall, postRevision, putPosted, standingResult, type CallAnswer } from './revision';
import { LONGEST_CALL_MILLISECONDS, mergeClues, newCall, settleSuspense, SUSPENSE_MESSAGES } from './suspense';

/**
 * A report that a call has ended. The same report again is a replay; a better one posts the difference as a new
 * revision; any other is recorded and posts nothing (money-rules 10). A call whose customer or price can't be told goes
 * into suspense, and is tried again by every later report of it (money-rules 13).
 */
export function reportCall(draft: Draft, report: CallReport): CallAnswer {
  if (report.customerId !== null) draft.customer(report.customerId);
  if (report.facts.rank === 1 && report.facts.rawMilliseconds > LONGEST_CALL_MILLISECONDS) {
    throw new TalktimeError(
      'CALL_IMPLAUSIBLE',
      `${report.facts.rawMilliseconds / 1000} seconds is more than a day. Send the length in seconds.`,
    );
  }
  const callId = callIdOf(draft.state.partnerId, report.identity);
  const hash = factsHash(report.facts);
  const known = draft.call(callId);
  const { identity } = report;
  const hold = draft.holdOf({ callId, identity, carrierCallId: report.carrierCallId ?? null });
  if (hold && report.customerId !== null && report.customerId !== hold.customerId && !known) {
    throw new TalktimeError(
      'CALL_CUSTOMER_MISMATCH',
      `The call was authorised for "${hold.customerId}", not for "${report.customerId}". Reassign it after it is charged if that is wrong.`,
    );
  }
  if (known?.linkedTo) return reportLinked(draft, known, report);
  if (!known) {
    const call = settleSuspense(draft, newCall(draft, callId, report), report);
    if (call.linkedTo !== null) return link(draft, call, report);
    return call.state === 'suspense'
      ? suspend(draft, call, hash, report.facts, false)
      : charge(draft, call, report.actor, report.facts);
  }
  if (known.state === 'suspense') {
    const replayed = draft.seenFacts(callId, hash) !== undefined;
    const facts = ['better', 'disputed_better'].includes(compareFacts(report.facts, known.facts))
      ? report.facts
      : known.facts;
    const carrierCallId = known.carrierCallId ?? report.carrierCallId ?? null;
    const clues = mergeClues(known.clues, report.clues);
    const call = settleSuspense(draft, { ...known, facts, clues, carrierCallId }, report);
    if (call.linkedTo !== null) return link(draft, call, report);
    return call.state === 'suspense'
      ? suspend(draft, call, hash, report.facts, replayed)
      : charge(draft, call, report.actor, report.facts);
  }
  if (report.customerId !== null && known.customerId !== null && report.customerId !== known.customerId) {
    throw new TalktimeError(
      'CALL_CUSTOMER_MISMATCH',
      `The call is charged to "${known.customerId}", not to "${report.customerId}". Reassign it if that is wrong.`,
    );
  }
  const seen = draft.seenFacts(callId, hash);
  const call = known.state === 'charged' ? linkLate(draft, known, report) : known;
  if (seen) return { result: standingResult(draft, call, seen.operationId), replayed: true };
  if (call.state === 'closed') return record(draft, call, hash, report.facts, 'closed');
  return revise(draft, call, hash, report);
}

/** Charges a call in suspense to a customer, as if its mapping had been there (money-rules 13). */
export function assignCall(draft: Draft, command: CallAssignment): CallAnswer {
  const call = existingCall(draft, command.callId);
  const customer = draft.customer(command.customerId);
  if (call.state === 'charged' && call.customerId === command.customerId)
    return { result: standingResult(draft, call, null), replayed: true };
  if (call.state === 'charged') {
    throw new TalktimeError(
      'CALL_CUSTOMER_MISMATCH',
      `The call is already charged to "${call.customerId}". Reassign it instead.`,
    );
  }
  if (call.state === 'closed') throw closed(call);
  const agent = agentOf(draft, call);
  if (agent) {
    throw new TalktimeError(
      'CALL_LINKED',
      `The same call is in the ledger by ${agent.identity.provider}${agent.state === 'charged' ? `, charged to "${agent.customerId}"` : ' and closed'}. Dismiss this report of it; reassign that one if it is the wrong customer's.`,
    );
  }
  if (!payerOf(draft, customer, call.startedAt)) throw rateRequired(customer);
  const answer = charge(
    draft,
    { ...call, state: 'charged', reason: null, customerId: command.customerId },
    command.actor,
    call.facts,
  );
  draft.writes.audits.push({
    actor: command.actor.id,
    action: 'call.assigned',
    subject: call.callId,
    change: { customer_id: command.customerId },
  });
  return answer;
}

/** Closes a call in suspense without charging it; later reports of it change nothing (money-rules 11). */
export function dismissCall(draft: Draft, command: CallDismissal): CallAnswer {
  const call = existingCall(draft, command.callId);
  const answer: Result = { outcome: 'ignored', message: `The call was dismissed: ${command.reason}` };
  if (call.state === 'closed' && call.revision === 0)
    return { result: { outcome: 'ignored', message: `The call was dismissed: ${call.reason}` }, replayed: true };
  if (call.state !== 'suspense') {
    throw new TalktimeError(
      'CALL_NOT_IN_SUSPENSE',
      'The call has been charged, so it cannot be dismissed. Reverse it instead.',
    );
  }
  draft.putCall({ ...call, state: 'closed', reason: command.reason });
  draft.writes.audits.push({ actor: command.actor.id, action: 'call.dismissed', subject: call.callId, change: {} });
  return { result: answer, replayed: false };
}

/** Moves a charged call to the right customer: reversed and charged in one operation (money-rules 11). */
export function reassignCall(draft: Draft, command: CallReassignment): CallAnswer {
  const call = existingCall(draft, command.callId);
  const customer = draft.customer(command.customerId);
  if (call.state === 'closed') throw closed(call);
  if (call.state === 'suspense')
    throw new TalktimeError('CALL_NOT_CHARGED', 'The call is in suspense. Assign it instead.');
  if (call.customerId === command.customerId) return { result: standingResult(draft, call, null), replayed: true };
  const payer = payerOf(draft, customer, call.startedAt);
  if (!payer) throw rateRequired(customer);

  const returned = giveBack(draft, payerOfCall(draft, call), call, call.price, call.startedAt);
  const given = new Map<number, bigint>();
  for (const { credit, amount } of returned.lines) {
    const kept = amount - draft.expiringOf(credit, call.callId, amount);
    given.set(credit, (given.get(credit) ?? 0n) + kept);
  }
  const assessment = assess(call.facts, payer.rate, capOf(draft, call));
  const charged = chargeMore(draft, payer, UNCHARGED, assessment.price, call.startedAt, { given });
  const carriedOver = { ...charged.charge, costPaid: call.costPaid };
  const change = withCost(
    draft,
    payer,
    { ...charged, charge: carriedOver, lines: [...returned.lines, ...charged.lines] },
    call,
  );
  requireHost(command.actor, PARTNER_WALLET, returned.partnerAmount + change.partnerAmount, 'Reassigning this call');
  requireHostToMint(draft, command.actor, returned.payerAmount + change.payerAmount);
  const moved: CallState = {
    ...call,
    customerId: command.customerId,
    payer: payer.kind,
    payerRate: payer.rate.version,
  };
  const result = postRevision(draft, moved, payer, change, {
    kind: 'reassign',
    actor: command.actor,
    facts: call.facts,
    previousPrice: ZERO,
    assessment,
  });
  draft.writes.audits.push({
    actor: command.actor.id,
    action: 'call.reassigned',
    subject: call.callId,
    change: { from: call.customerId!, to: command.customerId },
  });
  return { result, replayed: false };
}

function suspend(draft: Draft, call: CallState, hash: string, facts: CallFacts, replayed: boolean): CallAnswer {
  const reason = call.reason as SuspenseReason;
  draft.putCall(call);
  if (!replayed) draft.putFacts(call.callId, hash, facts, 'suspense', null);
  return {
    result: { outcome: 'suspense', call_id: call.callId, reason, message: SUSPENSE_MESSAGES[reason] },
    replayed,
  };
}

/** The first posting of a call. */
function charge(draft: Draft, call: CallState, actor: Actor, reported: CallFacts): CallAnswer {
  const hold = draft.holdOf(call);
  const payer = hold ? payerOfHold(draft, hold) : payerOf(draft, draft.customer(call.customerId!), call.startedAt)!;
  const assessment = assess(call.facts, payer.rate, capOf(draft, call));
  const live = hold?.state === 'live' ? hold : undefined;
  absorbCarriers(draft, call, payer, actor);
  const charged = chargeMore(draft, payer, UNCHARGED, assessment.price, call.startedAt, { hold: live });
  const change = withCost(draft, payer, charged, call);
  const priced: CallState = {
    ...call,
    payer: payer.kind,
    payerRate: payer.rate.version,
    inReview: assessment.inReview,
  };
  const result = postRevision(draft, priced, payer, change, {
    kind: 'call',
    actor,
    facts: call.facts,
    previousPrice: ZERO,
    assessment,
    captured: live,
  });
  if (live) draft.putHold({ ...live, state: 'captured', endedAt: draft.now });
  putPosted(draft, call.callId, call.facts, result);
  if (factsHash(reported) !== factsHash(call.facts))
    draft.putFacts(call.callId, factsHash(reported), reported, 'outranked', result.operation_id);
  return { result, replayed: false };
}

/** A new report of a charged call. */
function revise(draft: Draft, call: CallState, hash: string, report: CallReport): CallAnswer {
  const comparison = compareFacts(report.facts, call.facts);
  if (comparison === 'worse') return record(draft, call, hash, report.facts, 'outranked');
  if (comparison === 'disputed_worse') return record(draft, call, hash, report.facts, 'review');
  if (comparison === 'same') return record(draft, call, hash, report.facts, 'unchanged');

  const payer = payerOfCall(draft, call);
  const assessment = assess(report.facts, payer.rate, capOf(draft, call));
  const difference = assessment.price - call.price;
  const better: CallState = { ...call, facts: report.facts, inReview: assessment.inReview };
  const amount = (difference < 0n ? -difference : difference) as typeof call.price;
  const priced =
    difference > 0n
      ? chargeMore(draft, payer, call, amount, call.startedAt)
      : giveBack(draft, payer, call, amount, call.startedAt);
  const change = withCost(draft, payer, priced, better);
  if (difference === 0n && change.lines.length === 0) {
    draft.putCall({ ...better, cost: costInMoney(draft, better) });
    return record(draft, better, hash, report.facts, 'unchanged');
  }
  if (report.facts.rank === 1)
    requireHost(report.actor, PARTNER_WALLET, change.partnerAmount, 'This lower length, by fields alone,');
  const result = postRevision(draft, better, payer, change, {
    kind: 'call',
    actor: report.actor,
    facts: report.facts,
    previousPrice: call.price,
    assessment,
  });
  putPosted(draft, call.callId, report.facts, result);
  if (comparison === 'disputed_better')
    draft.writes.toReview.push({ callId: call.callId, hash: factsHash(call.facts) });
  return { result, replayed: false };
}

/** Keeps a report that posts nothing, and answers what stands. */
function record(draft: Draft, call: CallState, hash: string, facts: CallFacts, disposition: Disposition): CallAnswer {
  const operation = call.revision > 0 ? revisionId(draft.state.partnerId, call.identity, call.revision) : null;
  draft.putFacts(call.callId, hash, facts, disposition, operation);
  return { result: standingResult(draft, call, operation), replayed: true };
}

function closed(call: CallState): TalktimeError {
  return new TalktimeError('CALL_CLOSED', `The call is closed (${call.reason}) and takes no further changes.`);
}

function rateRequired(customer: CustomerState): TalktimeError {
  const who = customer.aiCreditsEnabled
    ? `"${customer.customerId}"`
    : 'the partner, who pays while AI credits are off,';
  return new TalktimeError('RATE_REQUIRED', `There is no price per minute for ${who}. Set one first.`);
}
