import { factsHash, type CallFacts } from '../../calls/facts';
import type { Receipt } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import { billedSeconds, toJsonNumber } from '../../money';
import type { Actor } from '../commands';
import { contentHash } from '../identity';
import type { CallState, HoldState, Result, StoredResult } from '../state';
import { statusShown } from './alert';
import type { Assessment, Change, Payer } from './charge';
import { costInMoney } from './cost';
import type { Draft } from './draft';
import { revisionId, revisionKey } from './identities';

export interface CallAnswer {
  readonly result: Result;
  readonly replayed: boolean;
}

export interface RevisionOptions {
  readonly kind: 'call' | 'reassign';
  readonly actor: Actor;
  readonly facts: CallFacts;
  readonly previousPrice: CallState['price'];
  readonly assessment: Assessment;
  /** The hold that this posting captures. */
  readonly captured?: HoldState;
  /** A wallet that the next posting moves, too. */
  readonly untold?: number;
}

export function postRevision(
  draft: Draft,
  call: CallState,
  payer: Payer,
  change: Change,
  options: RevisionOptions,
): StoredResult {
  const revision = call.revision + 1;
  const id = revisionId(draft.state.partnerId, call.identity, revision);
  const billed = billedSeconds(options.assessment.milliseconds, payer.rate.rounding);
  const cost = costInMoney(draft, call);
  const next: CallState = { ...call, ...change.charge, revision, billedSeconds: billed, cost };
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
    untold: options.untold,
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
    billed_seconds: call.billedSeconds,
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

export function putPosted(draft: Draft, callId: string, facts: CallFacts, result: StoredResult): void {
  draft.putFacts(callId, factsHash(facts), facts, 'posted', result.operation_id);
}

/** The hold whose cap bounds a plausible end: one that stood when the call ended. */
export function capOf(draft: Draft, call: CallState): HoldState | undefined {
  const hold = draft.holdOf(call);
  return hold?.state === 'live' || hold?.state === 'captured' ? hold : undefined;
}

/** What a replay is answered: the operation its report led to, else the call's latest. */
export function standingResult(draft: Draft, call: CallState, operation: string | null): Result {
  if (call.revision === 0) return { outcome: 'ignored', message: `The call is closed: ${call.reason}` };
  const id = operation ?? revisionId(draft.state.partnerId, call.identity, call.revision);
  const found = draft.operation(id);
  if (!found) throw new Error(`Operation ${id} was not loaded`);
  return found.result;
}

export function existingCall(draft: Draft, callId: string): CallState {
  const call = draft.call(callId);
  if (!call)
    throw new TalktimeError(
      'CALL_NOT_FOUND',
      `There is no call ${callId}. The list of calls in suspense shows the ids.`,
    );
  return call;
}
