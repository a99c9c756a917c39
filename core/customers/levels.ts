import type { z } from 'zod';
import type { LevelJson, LevelKind } from '../alerts/levels';
import { parseMillionths, type alertLevels } from '../contract';
import { TalktimeError } from '../contract/errors';
import { MICROCREDITS_PER_CREDIT, toJsonNumber } from '../money';

type SentLevels = z.output<typeof alertLevels>;

/** What values make sense, in whole units. Above zero they are all: at 0 a balance is exhausted. */
const BOUNDS: Record<LevelKind, { readonly least: bigint; readonly most: bigint; readonly unit: string }> = {
  credits: { least: 0n, most: 8_000_000_000n, unit: 'credits' },
  percent: { least: 1n, most: 100n, unit: 'percent' },
  minutes: { least: 0n, most: 1_000_000n, unit: 'minutes' },
  days: { least: 1n, most: 365n, unit: 'days' },
};

/**
 * Levels from the wire, as they are stored. `field` names the list in messages.
 * @throws TalktimeError NUMBER_… for what is no number, ALERT_LEVEL_INVALID for what makes no sense as a level.
 */
export function parseLevels(sent: SentLevels, field: string): LevelJson[] {
  const levels = sent.map(({ status, kind, value: text }, index) => {
    const path = `${field}.${index}.value`;
    const value = parseMillionths(text, path);
    const { least, most, unit } = BOUNDS[kind];
    if (value <= 0n || value < least * MICROCREDITS_PER_CREDIT || value > most * MICROCREDITS_PER_CREDIT)
      throw invalid(
        path,
        `A level in ${unit} is ${least === 0n ? 'above 0' : `from ${least}`} to ${most}, not ${text}.`,
      );
    return { status, kind, value: Number(value) };
  });
  for (const [index, level] of levels.entries()) {
    const path = `${field}.${index}`;
    const earlier = levels.slice(0, index).filter(({ kind }) => kind === level.kind);
    if (earlier.some(({ value }) => value === level.value))
      throw invalid(
        path,
        `The level of ${sent[index]!.value} ${BOUNDS[level.kind].unit} is there twice. Leave one out.`,
      );
    if (earlier.some((other) => hides(level, other) || hides(other, level)))
      throw invalid(
        path,
        `A balance that falls would be critical before it is low, by the levels in ${BOUNDS[level.kind].unit}. Give the low one the higher value.`,
      );
  }
  return levels;
}

/** Whether a critical level is above a low one of its kind, which then is never told. */
function hides(a: LevelJson, b: LevelJson): boolean {
  return a.status === 'critical' && b.status === 'low' && a.value > b.value;
}

function invalid(path: string, message: string): TalktimeError {
  return new TalktimeError('ALERT_LEVEL_INVALID', `"${path}": ${message}`, [{ path, message }]);
}

/** Levels as they are shown. */
export function toLevels(levels: readonly LevelJson[]) {
  return levels.map(({ status, kind, value }) => ({ status, kind, value: toJsonNumber(BigInt(value)) }));
}
