import type { Microcredits } from '../../money';

export type SlackRoleName = 'owner' | 'manager' | 'viewer' | 'customer';

/** What is known of somebody who asks, in one partner's matters. Amounts in microcredits; null: no cap. */
export interface Standing {
  /** Whether the workspace that is bound to the partner is their own. Guests of the workspace are members to Slack. */
  readonly isMember: boolean;
  /** The role that they were given; null: none. */
  readonly given: {
    readonly role: SlackRoleName;
    readonly customerId: string | null;
    readonly maxCredits: Microcredits | null;
  } | null;
  /** The customer whose channel it is; null for any other channel, a DM and the Home tab. */
  readonly channelCustomerId: string | null;
  readonly membersMayView: boolean;
  readonly caps: { readonly owner: Microcredits | null; readonly manager: Microcredits | null };
}

export interface Decision {
  readonly role: SlackRoleName;
  readonly customerId: string | null;
  readonly maxCredits: Microcredits | null;
}

/**
 * Who may do what (docs/decisions/0014). Null: nothing.
 * - A given role counts everywhere; in a customer's channel it reaches that customer alone.
 * - A customer's people see their own customer, and nothing in another customer's channel.
 * - In a customer's channel, whoever has no role is taken for the customer's people: members of the workspace too, since
 *   a client is often there as a guest.
 * - Elsewhere, whoever has no role sees what a viewer does if they are members and the partner lets members; else nothing.
 */
export function decideAccess({ isMember, given, channelCustomerId, membersMayView, caps }: Standing): Decision | null {
  if (given?.role === 'customer') {
    if (given.customerId === null) return null;
    if (channelCustomerId !== null && channelCustomerId !== given.customerId) return null;
    return { role: 'customer', customerId: given.customerId, maxCredits: NOTHING };
  }
  if (given !== null) {
    const maxCredits = given.role === 'viewer' ? NOTHING : (given.maxCredits ?? caps[given.role]);
    return { role: given.role, customerId: channelCustomerId, maxCredits };
  }
  if (channelCustomerId !== null) return { role: 'customer', customerId: channelCustomerId, maxCredits: NOTHING };
  return isMember && membersMayView ? { role: 'viewer', customerId: null, maxCredits: NOTHING } : null;
}

/** Viewers and customers move no credits. */
const NOTHING = 0n as Microcredits;
