import { compareFacts, factsHash, identityText, mappingsOf, type CallClues, type CallFacts } from '../../calls/facts';
import type { Receipt } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import { billedSeconds, toJsonNumber, ZERO } from '../../money';
import { PARTNER_WALLET } from '../accounts';
import type { Actor, CallAssignment, CallDismissal, CallReassignment, CallReport } from '../commands';
import { contentHash, deriveId, operationId } from '../identity';
import {
  mappingKey,
  type CallState,
  type CustomerState,
  type HoldState,
  type Disposition,
  type Result,
  type StoredResult,
  type SuspenseReason,
} from '../state';
import {
  assess,
  chargeMore,
  giveBack,
  payerOf,
  payerOfCall,
  payerOfHold,
  UNCHARGED,
  type Assessment,
  type Change,
  type Payer,
} from './charge';
import { statusShown } from './alert';
import type { Draft } from './draft';
import { withCost } from './cost';
import { requireHost, requireHostToMint } from './funds';

export interface CallAnswer {
  readonly result: Result;
  readonly replayed: boolean;
}

/** A day: no voice call is longer, so a longer report is a mistake in units or a call that hung. */
export const LONGEST_CALL_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Rows of calls and their facts are found by this id, which follows from the identity. */
export function callIdOf(partnerId: string, identity: CallReport['identity']): string {
  const known = CALL_IDS.get(identity);
  if (known?.partnerId === partnerId) return known.callId;
  const callId = deriveId(partnerId, `identity ${identityText(identity)}`);
  CALL_IDS.set(identity, { partnerId, callId });
  return callId;
}

/** An identity's id is derived once, however often it is asked for. */
const CALL_IDS = new WeakMap<CallReport['identity'], { readonly partnerId: string; readonly callId: string }>();

/** The operation of a call's n-th posting: `call:<identity>:rev:<n>`, in a namespace of its own (money-rules 10). */
export function revisionId(partnerId: string, identity: CallReport['identity'], revision: number): string {
  return operationId(partnerId, 'call', revisionKey(identity, revision));
}

const revisionKey = (identity: CallReport['identity'], revision: number) =>
  `call:${identityText(identity)}:rev:${revision}`;

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
  const hold = draft.hold(callId);
  if (hold && report.customerId !== null && report.customerId !== hold.customerId && !known) {
    throw new TalktimeError(
      'CALL_CUSTOMER_MISMATCH',
      `The call was authorised for "${hold.customerId}", not for "${report.customerId}". Reassign it after it is charged if that is wrong.`,
    );
  }
  if (!known) {
    const call = settleSuspense(draft, newCall(draft, callId, report), report);
    return call.state === 'suspense'
      ? suspend(draft, call, hash, report.facts, false)
      : charge(draft, call, report.actor, report.facts);
  }
  if (known.state === 'suspense') {
    const replayed = draft.seenFacts(callId, hash) !== undefined;
    const facts = ['better', 'disputed_better'].includes(compareFacts(report.facts, known.facts))
      ? report.facts
      : known.facts;
    const call = settleSuspense(draft, { ...known, facts, clues: mergeClues(known.clues, report.clues) }, report);
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
  if (seen) return { result: standingResult(draft, known, seen.operationId), replayed: true };
  if (known.state === 'closed') return record(draft, known, hash, report.facts, 'closed');
  return revise(draft, known, hash, report);
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
  const assessment = assess(call.facts, payer.rate, capOf(draft, call.callId));
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

function newCall(draft: Draft, callId: string, report: CallReport): CallState {
  const { identity, facts, clues } = report;
  return {
    ...UNCHARGED,
    callId,
    identity,
    state: 'suspense',
    reason: 'no_customer',
    customerId: null,
    payer: null,
    payerRate: null,
    revision: 0,
    reversed: ZERO,
    inReview: ZERO,
    facts,
    // A start in the future is a wrong clock: the receipt decides then (money-rules 3).
    startedAt: Math.max(0, Math.min(report.startedAt ?? draft.now, draft.now)),
    receivedAt: draft.now,
    clues,
  };
}

/** Looks whose call it is and whether it can be priced: `charged` when both are known, `suspense` with the reason when not. */
function settleSuspense(draft: Draft, call: CallState, report: CallReport): CallState {
  const inSuspense = (reason: SuspenseReason, customerId: string | null = null): CallState => ({
    ...call,
    state: 'suspense',
    reason,
    customerId,
  });
  const hold = draft.hold(call.callId);
  if (hold) return { ...call, state: 'charged', reason: null, customerId: hold.customerId };
  const customers = report.customerId !== null ? [report.customerId] : customersOf(draft, call.clues);
  if (customers.length !== 1) return inSuspense(customers.length === 0 ? 'no_customer' : 'several_customers');
  const [customerId] = customers as [string];
  if (call.facts.rawMilliseconds > LONGEST_CALL_MILLISECONDS) return inSuspense('implausible', customerId);
  if (!payerOf(draft, draft.customer(customerId), call.startedAt)) return inSuspense('rate_required', customerId);
  return { ...call, state: 'charged', reason: null, customerId };
}

/** The customers that a call's agent, number and metadata point to. Metadata may name the customer's id itself. */
export function customersOf(draft: Draft, clues: CallClues): string[] {
  const found = mappingsOf(clues).map(({ kind, value }) => draft.state.mappings.get(mappingKey(kind, value)));
  const named =
    clues.metadataCustomerId !== null && draft.state.customers.has(clues.metadataCustomerId)
      ? [clues.metadataCustomerId]
      : [];
  return [...new Set([...found.filter((id): id is string => id !== undefined), ...named])];
}

const SUSPENSE_MESSAGES: Record<SuspenseReason, string> = {
  no_customer: 'No agent, phone number or metadata of this call belongs to a customer. Map one, or assign the call.',
  several_customers: 'The call points to more than one customer. Assign it to the right one.',
  rate_required: 'Whoever pays for this call has no price per minute. Set one, then assign the call.',
  implausible: 'The call is reported longer than a day. Check it with the provider, then assign or dismiss it.',
};

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
  const hold = draft.hold(call.callId);
  const payer = hold ? payerOfHold(draft, hold) : payerOf(draft, draft.customer(call.customerId!), call.startedAt)!;
  const assessment = assess(call.facts, payer.rate, capOf(draft, call.callId));
  const live = hold?.state === 'live' ? hold : undefined;
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
  const assessment = assess(report.facts, payer.rate, capOf(draft, call.callId));
  const difference = assessment.price - call.price;
  const better: CallState = { ...call, facts: report.facts, inReview: assessment.inReview };
  const amount = (difference < 0n ? -difference : difference) as typeof call.price;
  const priced =
    difference > 0n
      ? chargeMore(draft, payer, call, amount, call.startedAt)
      : giveBack(draft, payer, call, amount, call.startedAt);
  const change = withCost(draft, payer, priced, better);
  if (difference === 0n && change.lines.length === 0) {
    draft.putCall(better);
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

/** The hold whose cap bounds a plausible end: one that stood when the call ended. */
function capOf(draft: Draft, callId: string): HoldState | undefined {
  const hold = draft.hold(callId);
  return hold?.state === 'live' || hold?.state === 'captured' ? hold : undefined;
}

/** Keeps a report that posts nothing, and answers what stands. */
function record(draft: Draft, call: CallState, hash: string, facts: CallFacts, disposition: Disposition): CallAnswer {
  const operation = call.revision > 0 ? revisionId(draft.state.partnerId, call.identity, call.revision) : null;
  draft.putFacts(call.callId, hash, facts, disposition, operation);
  return { result: standingResult(draft, call, operation), replayed: true };
}

function putPosted(draft: Draft, callId: string, facts: CallFacts, result: StoredResult): void {
  draft.putFacts(callId, factsHash(facts), facts, 'posted', result.operation_id);
}

interface RevisionOptions {
  readonly kind: 'call' | 'reassign';
  readonly actor: Actor;
  readonly facts: CallFacts;
  readonly previousPrice: CallState['price'];
  readonly assessment: Assessment;
  /** The hold that this posting captures. */
  readonly captured?: HoldState;
}

function postRevision(
  draft: Draft,
  call: CallState,
  payer: Payer,
  change: Change,
  options: RevisionOptions,
): StoredResult {
  const revision = call.revision + 1;
  const id = revisionId(draft.state.partnerId, call.identity, revision);
  const next: CallState = { ...call, ...change.charge, revision };
  const result = draft.post({
    operationId: id,
    kind: options.kind,
    key: revisionKey(call.identity, revision),
    contentHash: contentHash({ facts: factsHash(options.facts), customer: call.customerId }),
    actor: options.actor.id,
    callId: call.callId,
    reverses: null,
    note: null,
    lines: change.lines,
    result: (after) => ({
      operation_id: id,
      kind: options.kind,
      customer_id: call.customerId,
      wallet: payer.kind,
      amount: toJsonNumber(options.kind === 'reassign' ? change.payerAmount : after.moved(payer.walletId)),
      balance_after: toJsonNumber(after.wallet(payer.walletId).posted),
      status: statusShown(after.wallet(payer.walletId)),
      at: new Date(after.at).toISOString(),
      outcome: 'deducted',
      payer: payer.kind,
      receipt: receiptOf(next, payer, change, options),
    }),
  });
  draft.putCall(next);
  return result;
}

/** The arithmetic of a posting: raw seconds -> rule -> billed seconds -> rate version -> credits -> payer. */
function receiptOf(call: CallState, payer: Payer, change: Change, options: RevisionOptions): Receipt {
  const { provider, account, callId, leg } = call.identity;
  const { rate } = payer;
  const rounding = { initial_seconds: rate.rounding.initialSeconds, increment_seconds: rate.rounding.incrementSeconds };
  return {
    call: { provider, account, call_id: callId, leg },
    revision: call.revision,
    outcome: options.facts.outcome,
    raw_seconds: options.facts.rawMilliseconds / 1000,
    rounding,
    billed_seconds: billedSeconds(options.assessment.milliseconds, rate.rounding),
    rate: {
      version: rate.version,
      credits_per_minute: toJsonNumber(rate.creditsPerMinute),
      rounding,
      effective_from: new Date(rate.effectiveFrom).toISOString(),
    },
    price: toJsonNumber(call.price),
    previous_price: toJsonNumber(options.previousPrice),
    payer: payer.kind,
    paid_by_customer: payer.kind === 'customer' ? toJsonNumber(call.price - call.overage) : 0,
    paid_by_partner: toJsonNumber(payer.kind === 'customer' ? call.overagePaid : call.price),
    flagged_debt: toJsonNumber(change.flagged),
    ...(options.captured && { hold: toJsonNumber(options.captured.amount) }),
    ...(options.assessment.inReview > 0n && { in_review: toJsonNumber(options.assessment.inReview) }),
  };
}

/** What a replay is answered: the operation its report led to, else the call's latest. */
function standingResult(draft: Draft, call: CallState, operation: string | null): Result {
  if (call.revision === 0) return { outcome: 'ignored', message: `The call is closed: ${call.reason}` };
  const id = operation ?? revisionId(draft.state.partnerId, call.identity, call.revision);
  const found = draft.operation(id);
  if (!found) throw new Error(`Operation ${id} was not loaded`);
  return found.result;
}

function existingCall(draft: Draft, callId: string): CallState {
  const call = draft.call(callId);
  if (!call)
    throw new TalktimeError(
      'CALL_NOT_FOUND',
      `There is no call ${callId}. The list of calls in suspense shows the ids.`,
    );
  return call;
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

/** Later clues complete earlier ones. */
function mergeClues(before: CallClues, after: CallClues): CallClues {
  return {
    agentId: after.agentId ?? before.agentId,
    fromNumber: after.fromNumber ?? before.fromNumber,
    toNumber: after.toNumber ?? before.toNumber,
    direction: after.direction ?? before.direction,
    metadataCustomerId: after.metadataCustomerId ?? before.metadataCustomerId,
  };
}
