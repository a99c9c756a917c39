import type { Customer, Partner, SuspendedCall, Threshold } from '@talktime/core/contract';

/** Who asks, as Slack's signed request says. Every question carries it, so that roles can come to stand behind it. */
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

export interface CustomerRef {
  readonly id: string;
  readonly name: string;
}

/** A customer with the standing of whoever pays for its calls. */
export interface CustomerBalance {
  readonly customer: Customer;
  readonly threshold: Threshold;
}

export interface PartnerBalance {
  readonly partner: Partner;
  readonly threshold: Threshold;
}

/** What came of assigning or dismissing a waiting call. Amounts as they go over the wire. */
export type Settled =
  | { readonly kind: 'charged'; readonly customerId: string; readonly credits: number; readonly balance: number }
  | { readonly kind: 'dismissed' }
  /** Nothing was changed; `detail` says why and what to do. */
  | { readonly kind: 'refused'; readonly detail: string };

/** What the commands read. The service implements it over core; every call is bounded in time there. */
export interface BotData {
  /** The partner that the actor's workspace is bound to and that the actor may see; null when there is none. */
  partnerOf(actor: SlackActor): Promise<string | null>;
  /** What the actor may see and do in a channel (null: in a DM or on the Home tab); null when nothing. Asked again by whatever moves money. */
  accessOf(actor: SlackActor, channelId: string | null): Promise<Access | null>;
  partnerBalance(partnerId: string): Promise<PartnerBalance>;
  /** The customers whose id or name is `text`, without regard to case: none, one or a few. At most 5. */
  findCustomers(partnerId: string, text: string): Promise<CustomerRef[]>;
  /** Ids and names to guess from when nothing was found: at most `limit`, any of them. */
  customerNames(partnerId: string, limit: number): Promise<CustomerRef[]>;
  /** null when the customer is gone meanwhile. */
  customerBalance(partnerId: string, customerId: string): Promise<CustomerBalance | null>;
  /** The customers that are lowest: worst status first, then the smallest posted balance. At most `limit`. */
  lowest(partnerId: string, limit: number): Promise<CustomerBalance[]>;
  /** The calls that wait for somebody to say whose they are, oldest first; at most `limit`. */
  suspended(partnerId: string, limit: number): Promise<{ calls: SuspendedCall[]; isAll: boolean }>;
  /** Whether a channel is the one that the partner's alerts go to. */
  isPartnersChannel(partnerId: string, channelId: string): Promise<boolean>;
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

/** The bot token of a workspace; null when the app is not installed there. */
export type Installations = (workspace: {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
}) => Promise<{ readonly botToken: string } | null>;

/** One workspace, one token: SLACK_BOT_TOKEN. */
export function singleWorkspace(botToken: string): Installations {
  return () => Promise.resolve({ botToken });
}

/** Where the bot logs. Fits pino. Fields carry ids, never names or tokens. */
export interface BotLogger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
