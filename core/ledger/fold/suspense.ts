import { mappingsOf, type CallClues } from '../../calls/facts';
import { ZERO } from '../../money';
import type { CallReport } from '../commands';
import { mappingKey, type CallState, type SuspenseReason } from '../state';
import { payerOf, UNCHARGED } from './charge';
import type { Draft } from './draft';
import { agentOf, carrierCallIdOf, carriersOf, isDisputed } from './links';

/** A day: no voice call is longer, so a longer report is a mistake in units or a call that hung. */
export const LONGEST_CALL_MILLISECONDS = 24 * 60 * 60 * 1000;

export function newCall(draft: Draft, callId: string, report: CallReport): CallState {
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
    carrierCallId: carrierCallIdOf(identity, report.carrierCallId ?? null),
    linkedTo: null,
    billedSeconds: 0,
    cost: null,
  };
}

/** Looks whose call it is and whether it can be priced: `charged` when both are known, `suspense` with the reason when not. */
export function settleSuspense(draft: Draft, call: CallState, report: CallReport): CallState {
  const inSuspense = (reason: SuspenseReason, customerId: string | null = null): CallState => ({
    ...call,
    state: 'suspense',
    reason,
    customerId,
  });
  const others = [...carriersOf(draft, call), agentOf(draft, call)].filter((each) => each !== undefined);
  const named = report.customerId !== null ? [report.customerId] : customersOf(draft, call.clues);
  // Nobody said whose it is, but whose the same call is by its other provider is known.
  const customers = named.length > 0 ? named : [...new Set(others.flatMap((each) => each.customerId ?? []))];
  const agent = agentOf(draft, call);
  if (agent && (customers.length === 0 || (customers.length === 1 && !isDisputed(call, agent, customers[0]!))))
    return { ...call, state: 'closed', reason: 'linked', linkedTo: agent.callId };
  const hold = draft.holdOf(call);
  if (hold) return { ...call, state: 'charged', reason: null, customerId: hold.customerId };
  if (customers.length !== 1) return inSuspense(customers.length === 0 ? 'no_customer' : 'several_customers');
  const [customerId] = customers as [string];
  if (others.some((each) => isDisputed(call, each, customerId))) return inSuspense('linked_elsewhere', customerId);
  if (call.facts.rawMilliseconds > LONGEST_CALL_MILLISECONDS) return inSuspense('implausible', customerId);
  if (report.unconfirmed) return inSuspense('unconfirmed', customerId);
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

/** Later clues complete earlier ones. */
export function mergeClues(before: CallClues, after: CallClues): CallClues {
  return {
    agentId: after.agentId ?? before.agentId,
    fromNumber: after.fromNumber ?? before.fromNumber,
    toNumber: after.toNumber ?? before.toNumber,
    direction: after.direction ?? before.direction,
    metadataCustomerId: after.metadataCustomerId ?? before.metadataCustomerId,
  };
}

export const SUSPENSE_MESSAGES: Record<SuspenseReason, string> = {
  no_customer: 'No agent, phone number or metadata of this call belongs to a customer. Map one, or assign the call.',
  several_customers: 'The call points to more than one customer. Assign it to the right one.',
  rate_required: 'Whoever pays for this call has no price per minute. Set one, then assign the call.',
  unconfirmed:
    'The provider does not sign the length, and it is longer than what is taken on trust. Compare it with the provider, then assign or dismiss it.',
  linked_elsewhere:
    "The same physical call, by its other provider, is another customer's or was settled. Assign this one to say whose it is, or dismiss it.",
  implausible: 'The call is reported longer than a day. Check it with the provider, then assign or dismiss it.',
};
