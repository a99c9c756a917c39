import type { Microcredits } from '@talktime/core/money';

/** What calls came to. */
export interface Used {
  readonly calls: number;
  /** Billed minutes, in millionths. */
  readonly minutes: bigint;
  /** What was charged for them in all. */
  readonly credits: Microcredits;
  /** As much of it as the customers paid; the rest was the partner's. */
  readonly byCustomers: Microcredits;
}

export interface DayOfUse extends Used {
  /** A day in UTC: "2026-11-22". */
  readonly day: string;
}

export interface UsageShown {
  /** Every day of the time, the first to today; days without calls, too. */
  readonly days: readonly DayOfUse[];
  /** Days that the time has lasted so far: today is not over. */
  readonly elapsedDays: number;
  readonly total: Used;
  /** As long a time before it, to the same hour of the day, to compare with. */
  readonly before: Used;
}

export interface UsageData {
  /** What the calls of the last `days` days came to, today (UTC) among them: of one customer, or (null) of all. */
  usage(partnerId: string, customerId: string | null, days: number): Promise<UsageShown>;
}
