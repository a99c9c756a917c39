import type { SuspendedCall } from '@talktime/core/contract';
import type { MapKind } from './money';

/** A call that waits for somebody to say whose it is. */
export interface Waiting {
  readonly call: SuspendedCall;
  /** What of it could be its customer's from now on: of each kind at most one. */
  readonly mappable: readonly { readonly kind: MapKind; readonly value: string }[];
}

export interface SuspenseData {
  /** The calls that wait, oldest first; at most `limit`. */
  suspended(partnerId: string, limit: number): Promise<{ calls: SuspendedCall[]; isAll: boolean }>;
  /** null: it does not wait (any more). */
  suspendedCall(partnerId: string, callId: string): Promise<Waiting | null>;
}
