import { chargeableMilliseconds, compareFacts, factsHash, type CallFacts, type CallIdentity } from '../../calls/facts';
import type { CallState } from '../state';
import type { Draft } from './draft';

/**
 * One physical call that two providers report: a carrier, and the voice agent that speaks over it. Both know the carrier's
 * id of the call, and that links them. The agent's facts are billed, whichever comes first; the carrier's call is closed
 * as linked, and adds only what it cost (money-rules 12).
 */

/** Providers that carry calls, and speak none. */
const CARRIERS: ReadonlySet<string> = new Set(['twilio']);

export const isCarrier = ({ provider }: CallIdentity): boolean => CARRIERS.has(provider);

/** The carrier's id of a call: told by a voice agent's provider, or the carrier's own call id. */
export function carrierCallIdOf(identity: CallIdentity, told: string | null): string | null {
  return isCarrier(identity) ? identity.callId : told;
}

type Linkable = Pick<CallState, 'callId' | 'identity' | 'carrierCallId'>;

/** The carrier's calls of an agent's call. */
export function carriersOf(draft: Draft, call: Linkable): CallState[] {
  return isCarrier(call.identity) ? [] : linked(draft, call).filter((each) => isCarrier(each.identity));
}

/** The agent's call that decides about a carrier's: one that is charged or was settled by somebody; not one that waits. */
export function agentOf(draft: Draft, call: Linkable): CallState | undefined {
  if (!isCarrier(call.identity)) return undefined;
  const agents = linked(draft, call).filter((each) => !isCarrier(each.identity));
  return agents.find((each) => each.state === 'charged') ?? agents.find((each) => each.state === 'closed');
}

function linked(draft: Draft, call: Linkable): CallState[] {
  if (call.carrierCallId === null) return [];
  return draft
    .callsOfCarrier(call.carrierCallId)
    .filter((each) => each.callId !== call.callId)
    .sort((a, b) => (a.callId < b.callId ? -1 : 1));
}

/** Whether a human has to say which of two linked calls is right: they belong to different customers, or one was settled. */
export function isDisputed(call: Pick<CallState, 'linkedTo'>, other: CallState, customerId: string): boolean {
  if (call.linkedTo !== null) return false;
  if (other.state === 'charged') return other.customerId !== customerId;
  return other.state === 'closed' && other.linkedTo === null && isCarrier(other.identity);
}

/** What linked calls cost besides the call's own facts. */
export function linkedCosts(draft: Draft, call: Linkable): CallFacts['cost'][] {
  return carriersOf(draft, call)
    .filter((each) => each.linkedTo === call.callId)
    .map((each) => each.facts.cost);
}

/** The better of what a carrier's call is known by and a later report: it is not billed, so no dispute arises. */
export function betterFacts(report: CallFacts, standing: CallFacts): CallFacts {
  const comparison = compareFacts(report, standing);
  if (comparison === 'better') return report;
  const sameLength = chargeableMilliseconds(report) === chargeableMilliseconds(standing);
  const knowsCost = report.rank === standing.rank && standing.cost === null && report.cost !== null;
  return sameLength && knowsCost && factsHash(report) !== factsHash(standing) ? report : standing;
}
