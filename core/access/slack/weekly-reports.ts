import type { Database, Transaction } from '../../database';
import type { Actor } from '../../ledger/commands';
import { audit } from '../audit';

const HOUR = 60 * 60 * 1000;
const WEEK = 7 * 24 * HOUR;
/** 1 January 1970 was a Thursday. */
const FIRST_MONDAY = 4 * 24 * HOUR;
/** Mondays, in UTC: when Europe begins its week and America has not. */
const DUE_AT = 8 * HOUR;
/** An attempt that has told nothing for so long has died. Longer than posting takes at its worst. */
const LEASE_MS = 5 * 60 * 1000;
const FIRST_PAUSE_MS = 5 * 60 * 1000;
const LONGEST_PAUSE_MS = 6 * HOUR;

export interface WeeklyReportSetting {
  readonly isOn: boolean;
  /** The partner's own channel; null: none is set. */
  readonly channel: string | null;
  /** Why the latest one is not there yet; null when nothing is wrong. */
  readonly problem: string | null;
}

/** A report that is due and that this process alone is to post. */
export interface DueReport {
  /** "2026-11-16" */
  readonly week: string;
  /** The week that it is about: from a Monday to the next, in UTC. */
  readonly from: Date;
  readonly to: Date;
  readonly teamId: string | null;
  readonly channel: string;
}

export type ReportOutcome =
  | { readonly kind: 'posted'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterSeconds?: number };

export async function getWeeklyReport(database: Database, partnerId: string): Promise<WeeklyReportSetting> {
  return database.asPartner(partnerId, (transaction) => read(transaction, partnerId));
}

/** Switches the weekly report on or off. The first one comes on the next Monday. */
export async function setWeeklyReport(
  database: Database,
  partnerId: string,
  actor: Actor,
  isOn: boolean,
): Promise<WeeklyReportSetting> {
  return database.asPartner(partnerId, async (transaction) => {
    const before = await read(transaction, partnerId);
    if (before.isOn === isOn) return before;
    await transaction.query(
      `insert into talktime.slack_settings (partner_id, weekly_report_since)
       values ($1, case when $2 then clock_timestamp() end)
       on conflict (partner_id) do update set weekly_report_since = excluded.weekly_report_since`,
      [partnerId, isOn],
    );
    await audit(transaction, partnerId, actor, 'slack_settings.updated', 'slack', { weekly_report: isOn });
    return read(transaction, partnerId);
  });
}

/**
 * Takes the report that is due, for a while; null when there is none: it is off, was switched on after it was due, has been
 * posted, waits for another attempt, or another process is at it. One that could not be posted is tried until the next is due.
 */
export async function claimWeeklyReport(
  database: Database,
  partnerId: string,
  now: number = Date.now(),
): Promise<DueReport | null> {
  const monday = Math.floor((now - DUE_AT - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY;
  const [from, to] = [new Date(monday - WEEK), new Date(monday)];
  const week = from.toISOString().slice(0, 10);
  return database.asPartner(partnerId, async (transaction) => {
    const [route] = await transaction.query<{ slack_team_id: string | null; slack_channel: string }>(
      `select p.slack_team_id, p.slack_channel
       from talktime.slack_settings s join talktime.partners p using (partner_id)
       where partner_id = $1 and s.weekly_report_since <= $2 and p.slack_channel is not null`,
      [partnerId, new Date(monday + DUE_AT)],
    );
    if (!route) return null;
    const [claimed] = await transaction.query(
      `insert into talktime.weekly_reports (partner_id, week, attempts, next_attempt_at)
       values ($1, $2, 1, $4)
       on conflict (partner_id, week) do update
       set attempts = weekly_reports.attempts + 1, next_attempt_at = excluded.next_attempt_at
       where weekly_reports.posted_at is null and weekly_reports.next_attempt_at <= $3
       returning week`,
      [partnerId, week, new Date(now), new Date(now + LEASE_MS)],
    );
    return claimed ? { week, from, to, teamId: route.slack_team_id, channel: route.slack_channel } : null;
  });
}

/** Writes down what came of posting a report. */
export async function settleWeeklyReport(
  database: Database,
  partnerId: string,
  week: string,
  outcome: ReportOutcome,
  now: number = Date.now(),
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    if (outcome.kind === 'posted') {
      await transaction.query(
        `update talktime.weekly_reports set posted_at = $3, channel = $4, ts = $5, last_error = null
         where partner_id = $1 and week = $2 and posted_at is null`,
        [partnerId, week, new Date(now), outcome.channel, outcome.ts],
      );
      return;
    }
    await transaction.query(
      `update talktime.weekly_reports
       set last_error = left($3, 500),
           next_attempt_at = $4::timestamptz
             + make_interval(secs => greatest($5::double precision, least($6::double precision, $7::double precision * 2 ^ least(attempts - 1, 20))))
       where partner_id = $1 and week = $2 and posted_at is null`,
      [
        partnerId,
        week,
        outcome.reason,
        new Date(now),
        outcome.retryAfterSeconds ?? 0,
        LONGEST_PAUSE_MS / 1000,
        FIRST_PAUSE_MS / 1000,
      ],
    );
  });
}

async function read(transaction: Transaction, partnerId: string): Promise<WeeklyReportSetting> {
  const [row] = await transaction.query<{ is_on: boolean; slack_channel: string | null; last_error: string | null }>(
    `select s.weekly_report_since is not null as is_on, p.slack_channel,
            (select last_error from talktime.weekly_reports where partner_id = $1 order by week desc limit 1) as last_error
     from talktime.partners p left join talktime.slack_settings s using (partner_id)
     where partner_id = $1`,
    [partnerId],
  );
  return { isOn: row?.is_on ?? false, channel: row?.slack_channel ?? null, problem: row?.last_error ?? null };
}
