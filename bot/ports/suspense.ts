import type { SuspendedCall } from '@talktime/core/contract';
import type { SlackActor } from './actor';

/** What came of assigning or dismissing a waiting call. Amounts as they go over the wire. */
export type Settled =
  | { readonly kind: 'charged'; readonly customerId: string; readonly credits: number; readonly balance: number }
  | { readonly kind: 'dismissed' }
  /** Nothing was changed; `detail` says why and what to do. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface SuspenseData {
  /** The calls that wait for somebody to say whose they are, oldest first; at most `limit`. */
  suspended(partnerId: string, limit: number): Promise<{ calls: SuspendedCall[]; isAll: boolean }>;
  /** Charges a waiting call to a customer, and maps its agent, number or metadata when asked to. */
  assignCall(
    partnerId: string,
    actor: SlackActor,
    callId: string,
    customerId: string,
    map?: 'agent' | 'phone_number' | 'metadata',
  ): Promise<Settled>;
  /** Closes a waiting call uncharged. */
  dismissCall(partnerId: string, actor: SlackActor, callId: string, reason: string): Promise<Settled>;
}
