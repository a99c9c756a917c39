import { larger, micro, MICROCREDITS_PER_CREDIT, smaller, type Microcredits } from '../../money';
import { fromMinor, priceOfCredits, toMinorUpwards } from '../currency';

/** What the owner of a wallet has set, and how it stands. Credits in microcredits, money in millionths. */
export interface RechargeTerms {
  readonly enabled: boolean;
  readonly state: 'active' | 'suspended' | 'needs_action';
  readonly threshold: Microcredits;
  /** Topped up to so many credits, or by so many. */
  readonly goal: { readonly target: Microcredits } | { readonly amount: Microcredits };
  /** What may be charged in a calendar month (UTC), and how often. */
  readonly monthlyMoney: bigint;
  readonly monthlyCount: number;
  /** That the cap is in. */
  readonly currency: string;
  /** When an attempt with this card failed last, in milliseconds. */
  readonly failedAt: number | null;
}

/** What was tried before. Moments in milliseconds. */
export interface RechargeHistory {
  /** An attempt whose outcome is not known, or that waits for somebody, or whose credits are not there yet. */
  readonly underWay: boolean;
  /** When attempts began in the last ten minutes, whatever became of them. */
  readonly recent: readonly number[];
  /** Attempts of this month that did not fail, and what they charged, in minor units. */
  readonly monthCount: number;
  readonly monthMoney: bigint;
}

export interface RechargeFacts {
  readonly terms: RechargeTerms;
  readonly posted: Microcredits;
  /** `not_ready`: the account that it would be paid to takes no payments. */
  readonly card: 'saved' | 'none' | 'not_ready';
  readonly currency: string;
  /** Millionths of the currency for one credit. */
  readonly creditValue: bigint;
  /** What may be paid at once, in millionths. */
  readonly mostAtOnce: bigint;
  readonly history: RechargeHistory;
  /** Somebody wants money back that the wallet was paid with. */
  readonly disputed: boolean;
  /** Milliseconds. */
  readonly now: number;
}

export type WhyNot =
  | 'off'
  | 'suspended'
  | 'needs_action'
  | 'under_way'
  | 'disputed'
  | 'above_threshold'
  | 'no_card'
  | 'not_ready'
  | 'currency_changed'
  | 'monthly_count'
  | 'monthly_money'
  | 'failed_lately'
  | 'too_soon';

export type Decision =
  /** `amount` in minor units of the currency. */
  | { readonly do: 'charge'; readonly credits: Microcredits; readonly amount: bigint }
  /** `until`: when it may be otherwise by itself, in milliseconds; null: only when something changes. */
  | { readonly do: 'nothing'; readonly why: WhyNot; readonly until: number | null };

/** Attempts count whatever became of them: two in ten minutes. */
export const ATTEMPTS = { most: 2, milliseconds: 10 * 60 * 1000 } as const;
/** After one that failed, no other for an hour. */
export const PAUSE_AFTER_FAILURE = 60 * 60 * 1000;
/** So many failures in a row, and only another card helps. */
export const MOST_FAILURES = 3;

/** Whether a wallet is topped up now, and by how much. Pure. */
export function decideRecharge(facts: RechargeFacts): Decision {
  const { terms, history, now } = facts;
  if (!terms.enabled) return nothing('off');
  if (terms.state !== 'active') return nothing(terms.state);
  if (history.underWay) return nothing('under_way');
  if (facts.posted > terms.threshold) return nothing('above_threshold');
  if (facts.disputed) return nothing('disputed');
  if (facts.card !== 'saved') return nothing(facts.card === 'none' ? 'no_card' : 'not_ready');
  if (facts.currency !== terms.currency) return nothing('currency_changed');
  const nextMonth = startOfMonth(now, 1);
  if (history.monthCount >= terms.monthlyCount) return nothing('monthly_count', nextMonth);
  const { credits, amount } = priced(facts);
  // A part of it would only put the end off by a little; whoever set the cap is told, and decides.
  if (fromMinor(history.monthMoney + amount, facts.currency) > terms.monthlyMoney)
    return nothing('monthly_money', nextMonth);
  if (terms.failedAt !== null && terms.failedAt + PAUSE_AFTER_FAILURE > now)
    return nothing('failed_lately', terms.failedAt + PAUSE_AFTER_FAILURE);
  const recent = history.recent.filter((at) => at + ATTEMPTS.milliseconds > now).sort((a, b) => b - a);
  const counting = recent[ATTEMPTS.most - 1];
  if (counting !== undefined) return nothing('too_soon', counting + ATTEMPTS.milliseconds);
  return { do: 'charge', credits, amount };
}

/** What is lacking, at most what may be paid at once, for money up to the next coin. */
function priced({ terms, posted, creditValue, mostAtOnce, currency }: RechargeFacts) {
  const wanted = 'target' in terms.goal ? terms.goal.target - posted : terms.goal.amount;
  const credits = micro(smaller(wanted, larger((mostAtOnce * MICROCREDITS_PER_CREDIT) / creditValue, 1n)));
  return { credits, amount: toMinorUpwards(priceOfCredits(credits, creditValue), currency) };
}

/** The first moment of a month in UTC; `ahead` months after the one of `now`. */
export function startOfMonth(now: number, ahead = 0): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1);
}

function nothing(why: WhyNot, until: number | null = null): Decision {
  return { do: 'nothing', why, until };
}
