import type { Outcome } from '@talktime/core/ledger';
import type { Translation } from './commands';
import type { Expected } from './model';
import type { Happened, Step } from './steps';

/** Thrown with what was expected and what happened, so that a shrunk history explains itself. */
export class Difference extends Error {
  constructor(what: string, step: unknown, expected: unknown, happened: unknown) {
    super([what, `step     ${show(step)}`, `expected ${show(expected)}`, `happened ${show(happened)}`].join('\n'));
  }
}

export function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}

export function happened(translation: Translation, outcome: Outcome): Happened {
  if (!outcome.ok) return { ok: false, code: outcome.error.code };
  return { ok: true, replayed: outcome.replayed, answer: translation.answer(outcome.result) };
}

/** The model and the ledger must tell the same of a step; where the rules leave it open, anything that they allow. */
export function agree(step: Step, expected: Expected, real: Happened): void {
  if (expected.ok === null) {
    if (!real.ok && !expected.codes.includes(real.code)) throw new Difference('Refused', step, expected, real);
  } else if (!expected.ok) {
    if (real.ok || !expected.codes.includes(real.code)) throw new Difference('Not refused alike', step, expected, real);
  } else {
    if (!real.ok) throw new Difference('Refused', step, expected, real);
    if (show(expected) !== show(real)) throw new Difference('Answered differently', step, expected, real);
  }
}
