/**
 * The arithmetic of money-rules.md, written from its text and sharing nothing with core: exact fractions of bigints,
 * rounded once where the rules say so.
 */
import type { AlertLevel, Amount, Clues, Facts, RoundingRule, StatusName } from './steps';

/** Rule 1: a wallet and an amount stay below 8,000,000,000 credits. */
export const LIMIT: Amount = 8_000_000_000_000_000n;

export interface RateVersion {
  readonly version: number;
  readonly rate: Amount;
  readonly rounding: RoundingRule;
  /** Milliseconds. */
  readonly from: number;
}

/** Rule 2: half away from zero, to the whole unit. For parts that are not negative. */
export function rounded(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const rest = numerator - whole * denominator;
  return rest * 2n < denominator ? whole : whole + 1n;
}

/** Rule 2: raw seconds up to a whole second; nothing for nothing; the initial part, then whole increments. */
export function billedSeconds(milliseconds: number, rule: RoundingRule): number {
  const raw = Math.ceil(milliseconds / 1000);
  if (raw === 0) return 0;
  let billed = rule.initial;
  if (raw > rule.initial) {
    const steps = Math.ceil((raw - rule.initial) / rule.increment);
    billed += steps * rule.increment;
  }
  return billed;
}

/** Rule 2: billed seconds times the rate a minute, rounded once. */
export function priceOf(milliseconds: number, version: RateVersion): Amount {
  return rounded(BigInt(billedSeconds(milliseconds, version.rounding)) * version.rate, 60n);
}

/** Rule 3: the version in force then; before the first, the first. */
export function versionAt(versions: readonly RateVersion[], moment: number): RateVersion | undefined {
  let found = versions[0];
  for (const version of versions) if (version.from <= moment) found = version;
  return found;
}

/** Design 5: calls that did not connect or failed at the provider are free. */
export function chargeable(facts: Facts): number {
  return facts.outcome === 'connected' ? facts.milliseconds : 0;
}

/** Rule 10: by rank, then by the provider's order; else fewer seconds stand. A draw changes nothing. */
export function beats(report: Facts, standing: Facts): boolean {
  if (report.rank !== standing.rank) return report.rank > standing.rank;
  const ordered = report.order !== null && standing.order !== null && report.order !== standing.order;
  if (ordered) return report.order > standing.order;
  return chargeable(report) < chargeable(standing);
}

export function factsText(facts: Facts): string {
  return [facts.outcome, facts.milliseconds, facts.cost, facts.rank, facts.order].map(String).join(' ');
}

/** Of a call's two numbers the one on our side may be mapped; without a direction either. */
export function mappingKeys(clues: Clues): string[] {
  const keys: string[] = [];
  if (clues.agent) keys.push(`agent ${clues.agent}`);
  if (clues.to && clues.direction !== 'outbound') keys.push(`phone_number ${clues.to}`);
  if (clues.from && clues.direction !== 'inbound') keys.push(`phone_number ${clues.from}`);
  if (clues.metadata) keys.push(`metadata ${clues.metadata}`);
  return keys;
}

const SEVERITY: readonly StatusName[] = ['ok', 'low', 'critical', 'exhausted'];

/** What the levels of a wallet depend on. */
export interface Standing {
  readonly threshold: Amount | null;
  readonly levels: readonly AlertLevel[];
  readonly lastBought: Amount | null;
  /** The version that is in force. */
  readonly rate: RateVersion | undefined;
}

/**
 * The balance that a level comes to. null when there is nothing to take it of: no purchase, no rate, or a level that comes
 * to nothing. A history lasts less than a day, and so has no pace for a level in days.
 */
export function levelAt({ kind, value }: AlertLevel, { lastBought, rate }: Standing): Amount | null {
  let at: Amount | null = null;
  if (kind === 'credits') at = value;
  if (kind === 'percent' && lastBought !== null) at = rounded(lastBought * value, 100_000_000n);
  if (kind === 'minutes' && rate) at = priceOf(Number(value * 60n) / 1000, rate);
  return at === 0n ? null : at;
}

/**
 * Rule 20: a level is reached at or below it, and left above a tenth more, but at least a credit more. Exhausted is the
 * level 0. Of several levels the worst counts.
 */
export function statusAfter(posted: Amount, standing: Standing, before: StatusName): StatusName {
  const reached = (name: StatusName, level: Amount | null): boolean => {
    if (level === null) return false;
    if (posted <= level) return true;
    if (SEVERITY.indexOf(before) < SEVERITY.indexOf(name)) return false;
    const creditMore = level + 1_000_000n;
    return posted * 10n <= level * 11n || posted <= creditMore;
  };
  const anyReached = (name: 'low' | 'critical') =>
    standing.levels.some((level) => level.status === name && reached(name, levelAt(level, standing)));
  if (reached('exhausted', 0n)) return 'exhausted';
  if (anyReached('critical')) return 'critical';
  if (reached('low', standing.threshold) || anyReached('low')) return 'low';
  return 'ok';
}
