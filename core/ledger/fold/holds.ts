import type { CallClues, CallIdentity } from '../../calls/facts';
import { identityText } from '../../calls/facts';
import { TalktimeError } from '../../contract/errors';
import {
  formatDecimal,
  larger,
  micro,
  price,
  secondsCovered,
  smaller,
  toJsonNumber,
  ZERO,
  type Microcredits,
  type Rate,
} from '../../money';
import { PARTNER_WALLET } from '../accounts';
import type { CallAuthorization, HoldExtension, HoldRelease } from '../commands';
import { contentHash, operationId } from '../identity';
import type { CustomerState, HoldState, Spending, StoredResult, WalletState } from '../state';
import type { CallAnswer } from './revision';
import { callIdOf } from './identities';
import { customersOf } from './suspense';
import { payerOf, type Payer } from './charge';
import { statusShown } from './alert';
import type { Draft } from './draft';
import { customerFloor, spendable } from './funds';

/** No call is authorised for less (money-rules 6). */
export const SHORTEST_CALL_SECONDS = 30;

/**
 * Authorises a call: answers a cap, the most seconds whose price fits what can be spent, and holds that price. Asked
 * again, it answers the same hold. Refused when less than the minimum fits, or a limit of the customer is reached; a
 * refusal changes nothing, and the same call may be asked for again after a top-up.
 */
export function authorizeCall(draft: Draft, command: CallAuthorization): CallAnswer {
  const callId = callIdOf(draft.state.partnerId, command.identity);
  const existing = draft.hold(callId);
  if (existing && command.customerId !== null && command.customerId !== existing.customerId) {
    throw new TalktimeError(
      'CALL_CUSTOMER_MISMATCH',
      `The call is authorised for "${existing.customerId}", not for "${command.customerId}".`,
    );
  }
  if (existing?.state === 'live') return replay(draft, holdKey(command.identity, 'authorize'));
  if (existing) throw ended(existing);
  if (draft.call(callId))
    throw new TalktimeError(
      'CALL_ENDED',
      'The call has ended and is in the ledger already, so it cannot be authorised.',
    );

  const customer = draft.customer(customerOf(draft, command.customerId, command.clues));
  const payer = payerOf(draft, customer, draft.now);
  if (!payer) throw rateRequired(customer);
  const floor = payer.kind === 'customer' ? customerFloor(draft, customer, payer.rate) : ZERO;
  const hold = place(draft, command, callId, payer, floor);
  draft.putHold(hold);
  return { result: post(draft, hold, 'authorize', command.actor.id), replayed: false };
}

/** Raises a live call's cap as far as the balance goes by now, at the frozen rate and floor. Never lowers it. */
export function extendHold(draft: Draft, command: HoldExtension): CallAnswer {
  const hold = existingHold(draft, command);
  if (hold.state !== 'live') throw ended(hold);
  refuseDisputed(draft, draft.wallet(hold.walletId));
  const rate = rateOf(draft, hold);
  const customer = draft.customer(hold.customerId);
  const means = micro(spendable(draft.wallet(hold.walletId), hold.floor) + hold.amount);
  const limited = smaller(means, micro(limitOf(draft, customer, hold.amount) ?? means));
  const longest = Math.min(customer.maxCallSeconds, command.toSeconds ?? customer.maxCallSeconds);
  const cap = capFor(limited, rate, longest);
  if (cap <= hold.capSeconds) return replay(draft, latestKey(hold));
  const extended: HoldState = {
    ...hold,
    capSeconds: cap,
    amount: price(cap * 1000, rate),
    extensions: hold.extensions + 1,
  };
  draft.putHold(extended);
  return { result: post(draft, extended, 'extend', command.actor.id), replayed: false };
}

/** Gives back what a call that never happened had reserved. */
export function releaseHold(draft: Draft, command: HoldRelease): CallAnswer {
  const hold = existingHold(draft, command);
  if (hold.state === 'captured') throw ended(hold);
  if (hold.state !== 'live') return replay(draft, holdKey(command.identity, 'release'));
  const released: HoldState = { ...hold, state: command.as, endedAt: draft.now };
  draft.putHold(released);
  return { result: post(draft, released, 'release', command.actor.id), replayed: false };
}

function place(draft: Draft, command: CallAuthorization, callId: string, payer: Payer, floor: Microcredits): HoldState {
  const { customer, rate } = payer;
  const live = draft.liveHolds(customer.customerId);
  if (customer.maxConcurrentCalls !== null && live.count >= customer.maxConcurrentCalls) {
    throw new TalktimeError(
      'CONCURRENT_CALLS_LIMIT',
      `"${customer.customerId}" has ${live.count} calls under way, and its limit is ${customer.maxConcurrentCalls}.`,
    );
  }
  const wallet = draft.wallet(payer.walletId);
  refuseDisputed(draft, wallet);
  const available = spendable(wallet, floor);
  const limit = limitOf(draft, customer);
  const minimum = Math.min(Math.max(SHORTEST_CALL_SECONDS, command.minimumSeconds), customer.maxCallSeconds);
  const cap = capFor(limit === null ? available : smaller(available, limit), rate, customer.maxCallSeconds);
  if (cap < minimum) throw refusal(customer, wallet, rate, available, limit, minimum);
  return {
    callId,
    identity: command.identity,
    state: 'live',
    customerId: customer.customerId,
    payer: payer.kind,
    walletId: payer.walletId,
    payerRate: rate.version,
    floor,
    amount: price(cap * 1000, rate),
    capSeconds: cap,
    extensions: 0,
    authorizedAt: draft.now,
    endedAt: null,
  };
}

/** With the policy `stop` nothing more is promised while a payment of the payer is disputed. */
function refuseDisputed(draft: Draft, wallet: WalletState): void {
  if (draft.state.partner.disputePolicy !== 'stop' || wallet.openDisputes === 0) return;
  const whose = wallet.customerId === null ? 'the partner' : `"${wallet.customerId}"`;
  throw new TalktimeError(
    'DISPUTE_OPEN',
    `A payment of ${whose} is disputed, and the partner's dispute policy is to authorise no call until that is decided. Set dispute_policy to "hold" to go on without the disputed credits.`,
  );
}

/** The most seconds, up to `longest`, whose price fits. */
function capFor(means: Microcredits, rate: Rate, longest: number): number {
  if (rate.creditsPerMinute === 0n) return longest;
  return Math.min(longest, secondsCovered(means, rate));
}

/** What the customer's limits of a day and a month leave, beside its live holds; `own` is the hold that is being extended. */
function limitOf(draft: Draft, customer: CustomerState, own = ZERO): Microcredits | null {
  const spending: Spending = draft.state.spending.get(customer.customerId) ?? { today: ZERO, thisMonth: ZERO };
  const held = draft.liveHolds(customer.customerId).amount - own;
  const left = [
    customer.maxSpendPerDay === null ? null : customer.maxSpendPerDay - spending.today - held,
    customer.maxSpendPerMonth === null ? null : customer.maxSpendPerMonth - spending.thisMonth - held,
  ].filter((each): each is bigint => each !== null);
  return left.length === 0 ? null : micro(left.reduce((least, each) => (each < least ? each : least)));
}

function refusal(
  customer: CustomerState,
  wallet: WalletState,
  rate: Rate,
  available: Microcredits,
  limit: Microcredits | null,
  minimum: number,
): TalktimeError {
  const needed = price(minimum * 1000, rate);
  if (available >= needed && limit !== null) {
    return new TalktimeError(
      'SPEND_LIMIT',
      `"${customer.customerId}" has ${formatDecimal(larger(limit, ZERO))} credits left of its limit of a day or a month; the shortest call of ${minimum} s takes ${formatDecimal(needed)}.`,
    );
  }
  return new TalktimeError(
    'INSUFFICIENT_CREDITS',
    `The shortest call of ${minimum} s takes ${formatDecimal(needed)} credits, and ${formatDecimal(larger(available, ZERO))} can be spent (balance ${formatDecimal(wallet.posted)}, held ${formatDecimal(wallet.held)}${disputedIn(wallet)}). Top up, or enable grace.`,
  );
}

const disputedIn = ({ disputed }: WalletState) => (disputed > 0n ? `, disputed ${formatDecimal(disputed)}` : '');

function customerOf(draft: Draft, named: string | null, clues: CallClues): string {
  if (named !== null) return named;
  const customers = customersOf(draft, clues);
  if (customers.length === 1) return customers[0]!;
  throw new TalktimeError(
    'CALL_UNMATCHED',
    customers.length === 0
      ? 'No agent, phone number or metadata of this call belongs to a customer. Name the customer_id, or add a mapping.'
      : 'The call points to more than one customer. Name the customer_id.',
  );
}

function existingHold(draft: Draft, command: HoldExtension | HoldRelease): HoldState {
  const hold = draft.hold(callIdOf(draft.state.partnerId, command.identity));
  if (!hold || (command.only !== null && command.only !== hold.customerId)) {
    throw new TalktimeError(
      'HOLD_NOT_FOUND',
      `The call "${command.identity.callId}" was not authorised, so it holds nothing.`,
    );
  }
  return hold;
}

function rateOf(draft: Draft, hold: HoldState): Rate {
  const rate = draft.state.rates.get(hold.walletId)?.find((version) => version.version === hold.payerRate);
  if (!rate) throw new Error(`Rate version ${hold.payerRate} of wallet ${hold.walletId} was not loaded`);
  return rate;
}

function ended(hold: HoldState): TalktimeError {
  const how = {
    live: '',
    captured: 'the call was charged',
    released: 'it was released',
    timed_out: 'nothing was heard of the call',
  }[hold.state];
  return new TalktimeError(
    'HOLD_ENDED',
    `The hold of the call "${hold.identity.callId}" has ended: ${how}. A new call has a new id.`,
  );
}

function rateRequired(customer: CustomerState): TalktimeError {
  const who = customer.aiCreditsEnabled
    ? `"${customer.customerId}" has`
    : 'The partner, who pays while AI credits are off, has';
  return new TalktimeError(
    'RATE_REQUIRED',
    `${who} no price per minute, so a call cannot be authorised. Set one first.`,
  );
}

/** The operations that may have to be answered again for a hold that is there already. */
export function holdOperations(partnerId: string, hold: HoldState): string[] {
  const keys = [holdKey(hold.identity, 'authorize'), latestKey(hold), holdKey(hold.identity, 'release')];
  return [...new Set(keys)].map((key) => operationId(partnerId, 'call', key));
}

/** What a step was answered when it was taken. */
function replay(draft: Draft, key: string): CallAnswer {
  const id = operationId(draft.state.partnerId, 'call', key);
  const found = draft.operation(id);
  if (!found) throw new Error(`Operation ${id} was not loaded`);
  return { result: found.result, replayed: true };
}

const holdKey = (identity: CallIdentity, step: string) => `call:${identityText(identity)}:${step}`;
const latestKey = (hold: HoldState) =>
  holdKey(hold.identity, hold.extensions === 0 ? 'authorize' : `extend:${hold.extensions}`);

/** Records a step of a hold as an operation without transfers: a hold moves nothing. */
function post(draft: Draft, hold: HoldState, kind: 'authorize' | 'extend' | 'release', actor: string): StoredResult {
  const key = kind === 'release' ? holdKey(hold.identity, 'release') : latestKey(hold);
  return draft.post({
    operationId: operationId(draft.state.partnerId, 'call', key),
    kind,
    key,
    contentHash: contentHash({ customer: hold.customerId, kind }),
    actor,
    callId: hold.callId,
    reverses: null,
    note: null,
    lines: [],
    result: ({ at }) => answer(draft, hold, key, kind, at),
  });
}

function answer(
  draft: Draft,
  hold: HoldState,
  key: string,
  kind: 'authorize' | 'extend' | 'release',
  at: number,
): StoredResult {
  const wallet = draft.wallet(hold.walletId);
  const rate = rateOf(draft, hold);
  const rounding = { initial_seconds: rate.rounding.initialSeconds, increment_seconds: rate.rounding.incrementSeconds };
  return {
    operation_id: operationId(draft.state.partnerId, 'call', key),
    kind,
    customer_id: hold.customerId,
    wallet: hold.walletId === PARTNER_WALLET ? 'partner' : 'customer',
    amount: 0,
    balance_after: toJsonNumber(wallet.posted),
    status: statusShown(wallet),
    at: new Date(at).toISOString(),
    hold: {
      state: hold.state,
      payer: hold.payer,
      cap_seconds: hold.capSeconds,
      held: toJsonNumber(hold.state === 'live' ? hold.amount : 0n),
      floor: toJsonNumber(hold.floor),
      rate: {
        version: rate.version,
        credits_per_minute: toJsonNumber(rate.creditsPerMinute),
        rounding,
        effective_from: new Date(rate.effectiveFrom).toISOString(),
      },
      authorized_at: new Date(hold.authorizedAt).toISOString(),
    },
  };
}
