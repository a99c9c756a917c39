import type { CallFacts } from '../../calls/facts';
import { divideHalfAwayFromZero, micro, MICROCREDITS_PER_CREDIT, ZERO, type Microcredits } from '../../money';
import { ACCOUNTS, PARTNER_WALLET } from '../accounts';
import type { CallState, PartnerState } from '../state';
import type { Change, Payer } from './charge';
import type { Draft } from './draft';
import { beyond, roomOf } from './funds';
import { linkedCosts } from './links';
import type { Line } from './posting';

/**
 * Books a call's cost beside its price: the transfers that take it from what it has cost so far to what its facts say now
 * (money-rules 4). Of a call that the partner carries in part, only the customer's share: the rest is what carrying it
 * takes already. A call that the partner pays for costs its price and nothing besides. What can't be told is left as it is.
 */
export function withCost(
  draft: Draft,
  payer: Payer,
  change: Change,
  call: Pick<CallState, 'callId' | 'identity' | 'carrierCallId' | 'facts' | 'startedAt'>,
): Change {
  const before = change.charge.costPaid;
  const costs = [call.facts.cost, ...linkedCosts(draft, call)];
  const due = costDue(draft.state.partner, payer, change, costs, call.startedAt) ?? before;
  const more = micro(due - before);
  if (more === 0n) return change;
  const line: Line =
    more > 0n
      ? { debit: PARTNER_WALLET, credit: ACCOUNTS.cost, amount: more, test: test(draft, change, call.callId, more) }
      : { debit: ACCOUNTS.cost, credit: PARTNER_WALLET, amount: micro(-more), givesBack: true };
  return {
    ...change,
    lines: [...change.lines, line],
    charge: { ...change.charge, costPaid: due },
    partnerAmount: micro(change.partnerAmount - more),
    flagged: micro(change.flagged + (line.test?.flagged ?? 0n)),
  };
}

/** What a call should have cost the partner's wallet by now; null when nobody knows, or nobody tracks it. */
function costDue(
  partner: PartnerState,
  payer: Payer,
  { charge }: Change,
  costs: readonly CallFacts['cost'][],
  startedAt: number,
): Microcredits | null {
  if (!partner.trackCost) return null;
  if (payer.kind === 'partner') return ZERO;
  const known = costs.map((each) => costInCredits(partner, each, startedAt)).filter((each) => each !== null);
  const cost = known.length === 0 ? null : micro(known.reduce((sum, each) => sum + each, 0n));
  if (cost === null || charge.price === 0n) return cost;
  return micro(divideHalfAwayFromZero(cost * (charge.price - charge.overage), charge.price));
}

/**
 * A cost in credits, rounded once; null when the provider told none, or in a currency that the partner set no rate for:
 * never one to one (money-rules 1). The rate is the one in force when the call started, or the first.
 */
export function costInCredits(partner: PartnerState, cost: CallFacts['cost'], startedAt: number): Microcredits | null {
  if (cost === null) return null;
  if (cost.currency === partner.currency)
    return micro(divideHalfAwayFromZero(cost.amount * MICROCREDITS_PER_CREDIT, partner.creditValue));
  const version = exchangeRateAt(partner, cost.currency, startedAt);
  return version ? micro(divideHalfAwayFromZero(cost.amount * version.rate, partner.creditValue)) : null;
}

/**
 * What a call cost in millionths of the partner's currency, with what is linked to it: for margins, whether the partner's
 * wallet tracks cost or not. null when nothing of it is known.
 */
export function costInMoney(
  draft: Draft,
  call: Pick<CallState, 'callId' | 'identity' | 'carrierCallId' | 'facts' | 'startedAt'>,
): bigint | null {
  const { partner } = draft.state;
  const known = [call.facts.cost, ...linkedCosts(draft, call)]
    .map((cost) => {
      if (cost === null || cost.currency === partner.currency) return cost?.amount ?? null;
      const version = exchangeRateAt(partner, cost.currency, call.startedAt);
      return version ? divideHalfAwayFromZero(cost.amount * version.rate, 1_000_000n) : null;
    })
    .filter((each) => each !== null);
  return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0n);
}

/** The rate in force when the call started, or the first. */
function exchangeRateAt(partner: PartnerState, currency: string, startedAt: number) {
  const versions = partner.exchangeRates.get(currency) ?? [];
  return versions.findLast((each) => each.effectiveFrom <= startedAt) ?? versions[0];
}

/** The partner's wallet may go into debt for a call that has ended; what finds no room is flagged (money-rules 8). */
function test(draft: Draft, change: Change, callId: string, amount: Microcredits): Line['test'] {
  let room = roomOf(draft.wallet(PARTNER_WALLET), ZERO);
  for (const line of change.lines) {
    if (line.debit === PARTNER_WALLET) room = micro(room - line.amount);
    if (line.credit === PARTNER_WALLET)
      room = micro(room + line.amount - (line.givesBack ? draft.expiringOf(PARTNER_WALLET, callId, line.amount) : 0n));
  }
  return { floor: ZERO, flagged: beyond(room, amount) };
}
