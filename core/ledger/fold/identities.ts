import { identityText } from '../../calls/facts';
import type { CallReport } from '../commands';
import type { CallState } from '../state';
import { deriveId, operationId } from '../identity';

/** Rows of calls and their facts are found by this id, which follows from the identity. */
export function callIdOf(partnerId: string, identity: CallReport['identity']): string {
  const known = CALL_IDS.get(identity);
  if (known?.partnerId === partnerId) return known.callId;
  const callId = deriveId(partnerId, `identity ${identityText(identity)}`);
  CALL_IDS.set(identity, { partnerId, callId });
  return callId;
}

/** The id that a hold has which was placed by the carrier's id of a call; null when there is none, or it is the same. */
export function idByCarrier(
  partnerId: string,
  { identity, carrierCallId }: Pick<CallState, 'identity' | 'carrierCallId'>,
): string | null {
  if (carrierCallId === null || carrierCallId === identity.callId) return null;
  return callIdOf(partnerId, { ...identity, callId: carrierCallId });
}

/** An identity's id is derived once, however often it is asked for. */
const CALL_IDS = new WeakMap<CallReport['identity'], { readonly partnerId: string; readonly callId: string }>();

/** The operation of a call's n-th posting: `call:<identity>:rev:<n>`, in a namespace of its own (money-rules 10). */
export function revisionId(partnerId: string, identity: CallReport['identity'], revision: number): string {
  return operationId(partnerId, 'call', revisionKey(identity, revision));
}

export const revisionKey = (identity: CallReport['identity'], revision: number) =>
  `call:${identityText(identity)}:rev:${revision}`;
