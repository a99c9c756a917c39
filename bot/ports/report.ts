import type { Microcredits } from '@talktime/core/money';
import type { SlackActor } from './actor';

/** What calls came to, and what they left the partner. Money in millionths of the partner's currency. */
export interface ReportFigures {
  readonly calls: number;
  /** Billed minutes, in millionths. */
  readonly minutes: bigint;
  readonly credits: Microcredits;
  /** Of the calls whose cost is known: what customers paid, and what they cost. */
  readonly sold: bigint;
  readonly cost: bigint;
  readonly callsWithoutCost: number;
}

export interface ReportRow extends ReportFigures {
  readonly customerId: string;
  readonly name: string;
}

/** Not for the eyes of any customer. */
export interface ReportShown {
  readonly from: Date;
  readonly to: Date;
  readonly currency: string;
  /** The most credits first; at most as many as were asked for. */
  readonly rows: readonly ReportRow[];
  /** Customers beyond those. */
  readonly more: number;
  readonly total: ReportFigures;
}

export interface WeeklyReport {
  readonly isOn: boolean;
  /** The partner's own channel, where it goes; null: none is set. */
  readonly channel: string | null;
  /** Why the latest one is not there; null when nothing is wrong. */
  readonly problem: string | null;
}

export interface ReportData {
  /** Usage and margin by customer, of the last `days` days, today (UTC) among them. At most `limit` rows. */
  report(partnerId: string, days: number, limit: number): Promise<ReportShown>;
  weeklyReport(partnerId: string): Promise<WeeklyReport>;
  setWeeklyReport(partnerId: string, actor: SlackActor, isOn: boolean): Promise<WeeklyReport>;
}
