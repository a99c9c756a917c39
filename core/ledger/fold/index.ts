import { TalktimeError } from '../../contract/errors';
import type { Command } from '../commands';
import type { LedgerState, Result, Writes } from '../state';
import { adjust, deductAmount, topUp } from './amounts';
import { assignCall, dismissCall, reassignCall, reportCall } from './calls';
import { Missing, type Wanted } from './backing';
import { Draft } from './draft';
import { authorizeCall, extendHold, releaseHold } from './holds';
import { creditPayment } from './payments';
import { applyPlan, beginPeriod } from './plans';
import { reverse } from './reversals';
import { takeBack } from './take-backs';
import { voidGrant } from './voids';

export { callIdOf, idByCarrier, revisionId } from './identities';
export { evaluateAlert, statusShown } from './alert';
export { burnsOf } from './burns';
export { eventKey, TIME } from './events';
export { carrierCallIdOf } from './links';
export { grantKey, subjectKey, type Wanted } from './backing';
export { holdOperations, SHORTEST_CALL_SECONDS } from './holds';
export { TAKE_BACKS } from './posting';
export { partId } from './payments';
export { creditsForMinutes, periodOperations } from './plans';

/** What became of one command: its result, or a refusal that changed nothing. */
export type Outcome =
  | { readonly ok: true; readonly result: Result; readonly replayed: boolean }
  | { readonly ok: false; readonly error: TalktimeError };

export interface Folded {
  /** One for each command, in their order. */
  readonly outcomes: Outcome[];
  readonly writes: Writes;
  /** What was not loaded and is needed: nothing else of this counts until it is, and all is folded anew. */
  readonly missing: readonly Wanted[];
}

/**
 * The domain logic: what a batch of commands does to a partner's state. Pure: no clock (`now`, in milliseconds, is an
 * input), no I/O, no randomness. First it books what has started or expired by now (money-rules 17). Each command sees what the ones before it did; a refused one changes nothing and does
 * not touch its neighbours. `state` is not modified: what changed is in `writes`.
 */
export function fold(state: LedgerState, commands: readonly Command[], now: number): Folded {
  const draft = new Draft(state, now);
  const missing: Wanted[] = [];
  const complete = (work: () => Outcome): Outcome => {
    const before = draft.writes.operations.length;
    try {
      return work();
    } catch (error) {
      if (error instanceof TalktimeError) {
        if (draft.writes.operations.length > before) throw new Error(`Refused half way: ${error.message}`);
        return { ok: false, error };
      }
      if (!(error instanceof Missing)) throw error;
      missing.push(error.wanted);
      return NOT_YET;
    }
  };
  const mature = (walletIds: readonly number[]) => {
    for (const walletId of walletIds) complete(() => (draft.mature(walletId), NOT_YET));
  };
  mature([...state.wallets.keys()].sort((a, b) => a - b));
  // What holds keep of expired grants goes as soon as other credits serve the holds.
  const kept = draft.keepingExpired();
  const outcomes = commands.map((command) => {
    const outcome = complete(() => ({ ok: true, ...apply(draft, command) }));
    mature(kept);
    return outcome;
  });
  return { outcomes, writes: draft.writes, missing };
}

const NOT_YET: Outcome = { ok: false, error: new TalktimeError('INTERNAL', 'Not everything was loaded.') };

function apply(draft: Draft, command: Command): { result: Result; replayed: boolean } {
  switch (command.kind) {
    case 'top_up':
      return topUp(draft, command);
    case 'adjustment':
      return adjust(draft, command);
    case 'deduction':
      return deductAmount(draft, command);
    case 'plan':
      return applyPlan(draft, command);
    case 'period':
      return beginPeriod(draft, command);
    case 'reversal':
      return reverse(draft, command);
    case 'call':
      return reportCall(draft, command);
    case 'assign':
      return assignCall(draft, command);
    case 'dismiss':
      return dismissCall(draft, command);
    case 'reassign':
      return reassignCall(draft, command);
    case 'authorize':
      return authorizeCall(draft, command);
    case 'extend':
      return extendHold(draft, command);
    case 'release':
      return releaseHold(draft, command);
    case 'void':
      return voidGrant(draft, command);
    case 'payment':
      return creditPayment(draft, command);
    case 'take_back':
      return takeBack(draft, command);
    case 'mature':
      return { result: { outcome: 'ignored', message: 'What was due is booked.' }, replayed: false };
  }
}
