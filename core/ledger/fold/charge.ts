import type { CallCharge, CallFacts } from '../../calls/facts';
import { chargeableMilliseconds } from '../../calls/facts';
import {
  divideHalfAwayFromZero,
  larger,
  micro,
  price,
  rateAt,
  smaller,
  ZERO,
  type Microcredits,
  type Rate,
} from '../../money';
import { ACCOUNTS, PARTNER_WALLET } from '../accounts';
import type { CallState, CustomerState } from '../state';
import { beyond, type Draft, type Line } from './draft';
import { customerFloor, spendable } from './funds';

/** Who pays for a call, at which rate. Decided when it is first posted, and kept by its corrections. */
export interface Payer {
  readonly kind: 'customer' | 'partner';
  readonly customer: CustomerState;
  readonly walletId: number;
  readonly rate: Rate;
}

/** The transfers that take a call from one charge to another, and what it costs after them. */
export interface Change {
  readonly lines: readonly Line[];
  readonly charge: CallCharge;
  /** What it did to the payer's wallet, signed. */
  readonly payerAmount: Microcredits;
  /** What it put into the partner's wallet (negative when it took). */
  readonly partnerAmount: Microcredits;
  readonly flagged: Microcredits;
}

export const UNCHARGED: CallCharge = { price: ZERO, overage: ZERO, overagePaid: ZERO };

/**
 * The payer of a call: the customer's wallet with AI credits enabled, else the partner's, each at its own rate
 * (money-rules 5). `null` when that wallet has no rate.
 */
export function payerOf(draft: Draft, customer: CustomerState, startedAt: number): Payer | null {
  const kind = customer.aiCreditsEnabled ? 'customer' : 'partner';
  const walletId = kind === 'customer' ? customer.walletId : PARTNER_WALLET;
  const rate = rateAt(draft.state.rates.get(walletId) ?? [], startedAt);
  return rate ? { kind, customer, walletId, rate } : null;
}

/** The payer that a charged call was given. */
export function payerOfCall(draft: Draft, call: CallState): Payer {
  const customer = draft.customer(call.customerId!);
  const walletId = call.payer === 'customer' ? customer.walletId : PARTNER_WALLET;
  const rate = draft.state.rates.get(walletId)?.find((version) => version.version === call.payerRate);
  if (!rate) throw new Error(`Rate version ${call.payerRate} of wallet ${walletId} was not loaded`);
  return { kind: call.payer!, customer, walletId, rate };
}

export function priceOf(facts: CallFacts, rate: Rate): Microcredits {
  return price(chargeableMilliseconds(facts), rate);
}

/**
 * Charges `amount` more for a call that has ended, which is never refused (money-rules 8). Within room it is posted;
 * beyond room the customer's policy decides: `debt` posts the whole and flags what found no room, `partner` lets the
 * partner carry that part at its own rate. `given` is what the same operation has already given back to wallets.
 */
export function chargeMore(
  draft: Draft,
  payer: Payer,
  before: CallCharge,
  amount: Microcredits,
  startedAt: number,
  given = new Map<number, bigint>(),
): Change {
  const roomOf = (walletId: number, floor: Microcredits) =>
    micro(spendable(draft.wallet(walletId), floor) + (given.get(walletId) ?? 0n));
  const take = (walletId: number, part: Microcredits, floor: Microcredits, credit: number): Line[] =>
    part > 0n
      ? [{ debit: walletId, credit, amount: part, test: { floor, flagged: beyond(roomOf(walletId, floor), part) } }]
      : [];
  const flaggedIn = (lines: readonly Line[]) =>
    micro(lines.reduce((sum, line) => sum + (line.test?.flagged ?? 0n), 0n));

  const floor = payer.kind === 'customer' ? customerFloor(payer.customer, payer.rate) : ZERO;
  const partnerRate = rateAt(draft.state.rates.get(PARTNER_WALLET) ?? [], startedAt);
  if (payer.kind === 'partner' || payer.customer.shortfallPolicy === 'debt' || !partnerRate) {
    const lines = take(payer.walletId, amount, floor, ACCOUNTS.revenue);
    const partnerAmount = payer.kind === 'partner' ? micro(-amount) : ZERO;
    return {
      lines,
      charge: { ...before, price: micro(before.price + amount) },
      payerAmount: micro(-amount),
      partnerAmount,
      flagged: flaggedIn(lines),
    };
  }
  const paid = smaller(amount, larger(roomOf(payer.walletId, floor), ZERO));
  const overage = micro(before.overage + amount - paid);
  const overagePaid = atPartnersRate(overage, partnerRate, payer.rate);
  const carried = micro(overagePaid - before.overagePaid);
  const lines = [
    ...take(payer.walletId, paid, floor, ACCOUNTS.revenue),
    ...take(PARTNER_WALLET, carried, ZERO, ACCOUNTS.overage),
  ];
  const charge = { price: micro(before.price + amount), overage, overagePaid };
  return { lines, charge, payerAmount: micro(-paid), partnerAmount: micro(-carried), flagged: flaggedIn(lines) };
}

/** Gives back `amount` of a call's price: off the partner's part first (money-rules 8). */
export function giveBack(
  draft: Draft,
  payer: Payer,
  before: CallCharge,
  amount: Microcredits,
  startedAt: number,
): Change {
  const put = (walletId: number, part: Microcredits, debit: number): Line[] =>
    part > 0n ? [{ debit, credit: walletId, amount: part }] : [];
  const offOverage = smaller(before.overage, amount);
  const overage = micro(before.overage - offOverage);
  const partnerRate = rateAt(draft.state.rates.get(PARTNER_WALLET) ?? [], startedAt);
  const overagePaid = overage > 0n && partnerRate ? atPartnersRate(overage, partnerRate, payer.rate) : ZERO;
  const returned = micro(before.overagePaid - overagePaid);
  const toPayer = micro(amount - offOverage);
  return {
    lines: [...put(PARTNER_WALLET, returned, ACCOUNTS.overage), ...put(payer.walletId, toPayer, ACCOUNTS.revenue)],
    charge: { price: micro(before.price - amount), overage, overagePaid },
    payerAmount: toPayer,
    partnerAmount: payer.kind === 'partner' ? toPayer : returned,
    flagged: ZERO,
  };
}

/** The rest that the partner carries, in the partner's own credits: rest * partner's rate / customer's rate. */
function atPartnersRate(rest: Microcredits, partnerRate: Rate, customerRate: Rate): Microcredits {
  if (rest === 0n || customerRate.creditsPerMinute === 0n) return ZERO;
  return micro(divideHalfAwayFromZero(rest * partnerRate.creditsPerMinute, customerRate.creditsPerMinute));
}
