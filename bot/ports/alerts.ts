import type { SlackActor } from './actor';
import type { CustomerRef } from './balances';

/** A level of the balance as it goes over the wire: its value counts what `kind` says. */
export interface AlertLevel {
  readonly status: 'low' | 'critical';
  readonly kind: 'credits' | 'percent' | 'minutes' | 'days';
  readonly value: number;
}

/** An alert that was told and is not over. Amounts as they go over the wire, moments in ISO 8601. */
export interface OpenEpisode {
  readonly walletId: number;
  readonly episode: number;
  /** null: the partner's own balance. */
  readonly customer: CustomerRef | null;
  readonly status: 'ok' | 'low' | 'critical' | 'exhausted';
  readonly posted: number;
  readonly since: string;
  /** Actors, as the audit log names them: "slack:T…/U…". */
  readonly acknowledgedBy: string | null;
  readonly snoozed: { readonly until: string; readonly by: string } | null;
}

/** Where alerts go, in its parts. */
export interface AlertPlace {
  readonly kind: 'slack' | 'dm' | 'email' | 'none';
  /** A channel's or a user's id, or an address. */
  readonly to: string;
}

export interface DeadWay extends AlertPlace {
  /** What `retryRoute` takes. */
  readonly id: string;
  readonly reason: string;
  readonly since: string;
  /** Messages that were given up because of it. */
  readonly waiting: number;
}

export interface DeadLetter {
  /** What `retryAlert` takes. */
  readonly id: string;
  readonly place: AlertPlace;
  readonly customerIds: readonly string[];
  readonly reason: string;
  readonly since: string;
}

/** What is set of alerts, and what is open: of a partner, or of one customer. */
export interface AlertsOverview {
  readonly customer: CustomerRef | null;
  readonly channels: readonly string[];
  readonly emails: readonly string[];
  readonly levels: readonly AlertLevel[];
  /** Whether a customer has the partner's levels, for want of its own. Of the partner: true, they are its customers'. */
  readonly levelsAreDefault: boolean;
  /** Of a customer: its low credit threshold and whether anybody is told. */
  readonly own: { readonly threshold: number | null; readonly notifications: boolean } | null;
  readonly intervalMinutes: number;
  readonly episodes: readonly OpenEpisode[];
  readonly total: number;
  readonly deadWays: readonly DeadWay[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Whose levels are meant: a customer's, or (null) those that customers have unless they have their own. */
export type LevelsOf = string | null;

export interface AlertSettings {
  /** null, of a customer: the partner's. */
  readonly levels: readonly AlertLevel[] | null;
  /** The partner's for its customers. */
  readonly defaults: readonly AlertLevel[];
  readonly emails: readonly string[];
  /** The partner's, for all. */
  readonly intervalMinutes: number;
}

/** Values as they were typed. */
export interface AlertSettingsChange {
  readonly levels: readonly { readonly status: string; readonly kind: string; readonly value: string }[] | null;
  readonly emails: readonly string[];
  /** Of the partner alone. */
  readonly intervalMinutes?: number;
}

/** Nothing was changed; `detail` says why. `level`: which of the levels it is about, from 0. */
export interface AlertRefused {
  readonly kind: 'refused';
  readonly detail: string;
  readonly field?: 'levels' | 'emails' | 'interval';
  readonly level?: number;
}

export type AlertChanged = { readonly kind: 'done' } | AlertRefused;

export interface AlertsData {
  /** null when the customer is gone meanwhile. */
  alertsOverview(partnerId: string, customerId: string | null): Promise<AlertsOverview | null>;
  /** The open alerts, worst first; a customer's alone, when one is named. At most `limit`. */
  openEpisodes(partnerId: string, customerId: string | null, limit: number): Promise<OpenEpisode[]>;
  /** Takes an alert in hand. Answers who has it, who may be somebody who was earlier; null: it is over. */
  acknowledge(partnerId: string, actor: SlackActor, walletId: number, episode: number): Promise<string | null>;
  /** Keeps a wallet's alerts quiet until a moment. With an episode: only while that is the one that is open. */
  snooze(
    partnerId: string,
    actor: SlackActor,
    walletId: number,
    until: Date,
    episode?: number,
  ): Promise<{ readonly kind: 'snoozed' } | { readonly kind: 'over' } | AlertRefused>;
  /** The wallet of a customer, or (null) the partner's own; null when the customer is gone. */
  walletOf(partnerId: string, customerId: string | null): Promise<number | null>;

  /** Where the partner's own alerts go, and whose channel one is. */
  alertChannel(partnerId: string): Promise<string | null>;
  /** Sends the partner's alerts to a channel from now on; null: to none. */
  setAlertChannel(
    partnerId: string,
    actor: SlackActor,
    channel: { readonly teamId: string; readonly channelId: string } | null,
  ): Promise<AlertChanged>;
  linkChannel(
    partnerId: string,
    actor: SlackActor,
    channel: { readonly teamId: string; readonly channelId: string },
    customerId: string,
  ): Promise<AlertChanged>;
  /** Makes a customer's channels nobody's. Answers how many there were. */
  unlinkChannels(partnerId: string, actor: SlackActor, customerId: string): Promise<number>;

  alertSettings(partnerId: string, of: LevelsOf): Promise<AlertSettings | null>;
  setAlertSettings(
    partnerId: string,
    actor: SlackActor,
    of: LevelsOf,
    change: AlertSettingsChange,
  ): Promise<AlertChanged>;

  /** Sends a test alert to a channel, or (null) where the partner's alerts go, and waits a little for what comes of it. */
  testAlert(partnerId: string, actor: SlackActor, channelId: string | null): Promise<AlertTest>;
  /** Tries a dead route again from now on. false: it is not dead (any more). */
  retryRoute(partnerId: string, actor: SlackActor, routeId: string): Promise<boolean>;
  /** Tries a message again that was given up. false: it is gone. */
  retryAlert(partnerId: string, actor: SlackActor, messageId: string): Promise<boolean>;
}

export type AlertTest =
  | { readonly kind: 'delivered'; readonly place: AlertPlace }
  | { readonly kind: 'failed'; readonly place: AlertPlace; readonly reason: string }
  /** Not yet; `reason` is why the last attempt failed. */
  | { readonly kind: 'waiting'; readonly place: AlertPlace; readonly reason: string | null }
  | AlertRefused;
