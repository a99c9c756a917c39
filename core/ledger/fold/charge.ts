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
import type { CallState, CustomerState, HoldState } from '../state';
import type { Draft } from './draft';
import { beyond, customerFloor, roomOf } from './funds';
import type { Line } from './posting';

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

export const UNCHARGED: CallCharge = {
  price: ZERO,
  overage: ZERO,
  overagePaid: ZERO,
  overageRate: null,
  costPaid: ZERO,
};

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

/** The payer that a hold froze. */
export function payerOfHold(draft: Draft, hold: HoldState): Payer {
  return frozenPayer(draft, hold.customerId, hold.payer, hold.payerRate);
}

/** The payer that a charged call was given. */
export function payerOfCall(draft: Draft, call: CallState): Payer {
  return frozenPayer(draft, call.customerId!, call.payer!, call.payerRate!);
}

function frozenPayer(draft: Draft, customerId: string, kind: Payer['kind'], version: number): Payer {
  const customer = draft.customer(customerId);
  const walletId = kind === 'customer' ? customer.walletId : PARTNER_WALLET;
  const rate = draft.state.rates.get(walletId)?.find((each) => each.version === version);
  if (!rate) throw new Error(`Rate version ${version} of wallet ${walletId} was not loaded`);
  return { kind, customer, walletId, rate };
}

/** An end this little past the cap is billed as the cap: hanging up takes a moment (money-rules 7). */
const CAP_TOLERANCE_SECONDS = 3;
/** An end this far past the cap is implausible: the call was to be ended there. */
const CAP_PLAUSIBLE_SECONDS = 60;

/** What a report costs: the price to charge, and what waits for review because its end is implausible. */
export interface Assessment {
  readonly price: Microcredits;
  /** The time that the price is for. */
  readonly milliseconds: number;
  readonly inReview: Microcredits;
}

/**
 * Prices a report of a call. Of a call that was authorised, an end up to 3 s past the cap counts as the cap; beyond
 * cap + 60 s the cap is charged and the rest goes to review (money-rules 7).
 */
export function assess(facts: CallFacts, rate: Rate, hold: HoldState | undefined): Assessment {
  const milliseconds = chargeableMilliseconds(facts);
  const full = price(milliseconds, rate);
  if (!hold) return { price: full, milliseconds, inReview: ZERO };
  const cap = hold.capSeconds * 1000;
  const over = milliseconds - cap;
  const capped = price(cap, rate);
  if (over > CAP_PLAUSIBLE_SECONDS * 1000) return { price: capped, milliseconds: cap, inReview: micro(full - capped) };
  if (over > 0 && over <= CAP_TOLERANCE_SECONDS * 1000) return { price: capped, milliseconds: cap, inReview: ZERO };
  return { price: full, milliseconds, inReview: ZERO };
}

/** What a charge may count on beside the balance. */
export interface Means {
  /** What the same operation has already given back to wallets. */
  readonly given?: ReadonlyMap<number, bigint>;
  /** The call's own live hold, which this charge captures. */
  readonly hold?: HoldState;
}

/**
 * Charges `amount` more for a call that has ended, which is never refused (money-rules 8). Up to the call's own hold it
 * is posted as ordinary whatever changed meanwhile (money-rules 7), and so is what finds room. Beyond that the customer's
 * policy decides: `debt` posts the whole and flags the rest, `partner` lets the partner carry it at its own rate.
 */
export function chargeMore(
  draft: Draft,
  payer: Payer,
  before: CallCharge,
  amount: Microcredits,
  startedAt: number,
  means: Means = {},
): Change {
  const promised = means.hold?.amount ?? ZERO;
  const heldSince = means.hold?.authorizedAt;
  const coveredIn = (walletId: number, floor: Microcredits, hold: Microcredits) => {
    const room = roomOf(draft.wallet(walletId), floor) + hold + (means.given?.get(walletId) ?? 0n);
    return larger(hold, larger(micro(room), ZERO));
  };
  const take = (walletId: number, part: Microcredits, floor: Microcredits, credit: number, hold = ZERO): Line[] => {
    if (part <= 0n) return [];
    const flagged = beyond(coveredIn(walletId, floor, hold), part);
    const captured = smaller(part, hold);
    return [{ debit: walletId, credit, amount: part, test: { floor, flagged, captured, heldSince } }];
  };
  const flaggedIn = (lines: readonly Line[]) =>
    micro(lines.reduce((sum, line) => sum + (line.test?.flagged ?? 0n), 0n));

  const floor =
    means.hold?.floor ?? (payer.kind === 'customer' ? customerFloor(draft, payer.customer, payer.rate) : ZERO);
  const partnerRate = partnersRate(draft, before, startedAt);
  // The policy `partner` is only set once the partner has a rate; a rate that starts later than the call is its first.
  if (payer.kind === 'partner' || payer.customer.shortfallPolicy === 'debt' || !partnerRate) {
    const lines = take(payer.walletId, amount, floor, ACCOUNTS.revenue, promised);
    const partnerAmount = payer.kind === 'partner' ? micro(-amount) : ZERO;
    // By name: a call's state, which is a charge too, brings more than its charge.
    const { overage, overagePaid, overageRate, costPaid } = before;
    const charge = { price: micro(before.price + amount), overage, overagePaid, overageRate, costPaid };
    return { lines, charge, payerAmount: micro(-amount), partnerAmount, flagged: flaggedIn(lines) };
  }
  const paid = smaller(amount, coveredIn(payer.walletId, floor, promised));
  const overage = micro(before.overage + amount - paid);
  const overagePaid = atPartnersRate(overage, partnerRate, payer.rate);
  const carried = micro(overagePaid - before.overagePaid);
  const lines = [
    ...take(payer.walletId, paid, floor, ACCOUNTS.revenue, promised),
    ...take(PARTNER_WALLET, carried, ZERO, ACCOUNTS.overage),
  ];
  const charge = {
    price: micro(before.price + amount),
    overage,
    overagePaid,
    overageRate: partnerRate.version,
    costPaid: before.costPaid,
  };
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
    part > 0n ? [{ debit, credit: walletId, amount: part, givesBack: true }] : [];
  const offOverage = smaller(before.overage, amount);
  const overage = micro(before.overage - offOverage);
  const partnerRate = partnersRate(draft, before, startedAt);
  const overagePaid = overage > 0n && partnerRate ? atPartnersRate(overage, partnerRate, payer.rate) : ZERO;
  const returned = micro(before.overagePaid - overagePaid);
  const toPayer = micro(amount - offOverage);
  return {
    lines: [...put(PARTNER_WALLET, returned, ACCOUNTS.overage), ...put(payer.walletId, toPayer, ACCOUNTS.revenue)],
    charge: {
      price: micro(before.price - amount),
      overage,
      overagePaid,
      overageRate: before.overageRate,
      costPaid: before.costPaid,
    },
    payerAmount: toPayer,
    partnerAmount: payer.kind === 'partner' ? toPayer : returned,
    flagged: ZERO,
  };
}

/** The partner's rate for what it carries of a call: the version that was used before, else the one in force at its start. */
function partnersRate(draft: Draft, before: CallCharge, startedAt: number): Rate | undefined {
  const versions = draft.state.rates.get(PARTNER_WALLET) ?? [];
  return before.overageRate === null
    ? rateAt(versions, startedAt)
    : versions.find((each) => each.version === before.overageRate);
}

/** The rest that the partner carries, in the partner's own credits: rest * partner's rate / customer's rate. */
function atPartnersRate(rest: Microcredits, partnerRate: Rate, customerRate: Rate): Microcredits {
  if (rest === 0n || customerRate.creditsPerMinute === 0n) return ZERO;
  return micro(divideHalfAwayFromZero(rest * partnerRate.creditsPerMinute, customerRate.creditsPerMinute));
}
