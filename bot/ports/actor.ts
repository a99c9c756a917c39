/** Who asks, as Slack's signed request says. */
export interface SlackActor {
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly userId: string;
  /** The workspace whose installation heard them, where it is not their own: a channel that companies share. */
  readonly installedTeamId?: string;
}

export type Role = 'owner' | 'manager' | 'viewer' | 'customer';

/** What somebody in Slack may see and do. */
export interface Access {
  readonly partnerId: string;
  readonly role: Role;
  /** The customer whose people they are, or whose channel they write in; null: the partner's own. A 'customer' always has one. */
  readonly customerId: string | null;
  /** The most credits one action of theirs may move; null: no cap. Decimal credits as they go over the wire. */
  readonly maxCredits: number | null;
}

export interface AccessData {
  /** The partner that the actor's workspace is bound to; null when there is none. */
  partnerOf(actor: SlackActor): Promise<string | null>;
  /** What the actor may see and do in a channel (null: in a DM or on the Home tab); null when nothing. Asked again by whatever moves money. */
  accessOf(actor: SlackActor, channelId: string | null): Promise<Access | null>;
}

const RANK: Record<Role, number> = { customer: 0, viewer: 1, manager: 2, owner: 3 };

/** Whether a role is at least another. */
export function isAtLeast(role: Role, least: Role): boolean {
  return RANK[role] >= RANK[least];
}
