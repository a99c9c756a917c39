import { done, refused, type Expected, type Model } from './model';
import * as rules from './rules';
import {
  PARTNER,
  type Amount,
  type Answer,
  type AuthorizeStep,
  type ExtendStep,
  type ReleaseStep,
  type WalletName,
} from './steps';

/** Rule 6: no call is authorised for less. */
const SHORTEST = 30;

/** What was reserved for a call, and what that froze (rules 6 and 7). */
export interface ModelHold {
  readonly call: string;
  readonly customer: string;
  readonly payer: WalletName;
  readonly version: rules.RateVersion;
  readonly floor: Amount;
  readonly since: number;
  state: 'live' | 'captured' | 'released';
  cap: number;
  amount: Amount;
  /** What each step was answered: asked again, it is answered the same. */
  authorized: Answer | null;
  latest: Answer | null;
  released: Answer | null;
}

/** The holds of the model. */
export class ModelHolds {
  readonly #holds = new Map<string, ModelHold>();

  constructor(readonly model: Model) {}

  of(call: string): ModelHold | undefined {
    return this.#holds.get(call);
  }

  /** A way back to how the holds are now. */
  remember(): () => void {
    const before = [...this.#holds.values()].map((hold) => ({ ...hold }));
    return () => {
      this.#holds.clear();
      for (const hold of before) this.#holds.set(hold.call, hold);
    };
  }

  authorize(step: AuthorizeStep): Expected {
    const known = this.#holds.get(step.call);
    if (known && step.customer !== null && step.customer !== known.customer) return refused('CALL_CUSTOMER_MISMATCH');
    if (known) return known.state === 'live' ? done(known.authorized!, true) : refused('HOLD_ENDED');
    if (this.model.calls.has(step.call)) return refused('CALL_ENDED');
    const found = step.customer === null ? this.model.customersBy(step.clues) : [step.customer];
    if (found.length !== 1) return refused('CALL_UNMATCHED');
    const customer = found[0]!;
    const settings = this.model.customers.get(customer);
    if (!settings) return refused('CUSTOMER_NOT_FOUND');
    const payer = settings.aiCredits ? customer : PARTNER;
    const version = rules.versionAt(this.model.versions.get(payer)!, this.model.now);
    if (!version) return refused('RATE_REQUIRED');
    const live = [...this.#holds.values()].filter((hold) => hold.customer === customer && hold.state === 'live');
    if (settings.maxConcurrent !== null && live.length >= settings.maxConcurrent)
      return refused('CONCURRENT_CALLS_LIMIT');
    if (this.#isStopped(payer)) return refused('DISPUTE_OPEN');
    const floor = this.model.floorOf(payer, version);
    const cap = longestWithin(this.#spendable(payer, floor), version, settings.maxCall);
    if (cap < Math.min(Math.max(SHORTEST, step.minimum), settings.maxCall)) return refused('INSUFFICIENT_CREDITS');

    const hold: ModelHold = {
      ...{ call: step.call, customer, payer, version, floor, since: this.model.now, state: 'live', cap },
      ...{ amount: 0n, authorized: null, latest: null, released: null },
    };
    this.#holds.set(step.call, hold);
    this.#reserve(hold, rules.priceOf(cap * 1000, version));
    hold.authorized = hold.latest = this.#answer(hold, 'authorize');
    return done(hold.authorized);
  }

  /** As far as the balance goes by now, at what was frozen; never lowered. */
  extend(step: ExtendStep): Expected {
    const hold = this.#holds.get(step.call);
    if (!hold) return refused('HOLD_NOT_FOUND');
    if (hold.state !== 'live') return refused('HOLD_ENDED');
    if (this.#isStopped(hold.payer)) return refused('DISPUTE_OPEN');
    const { maxCall } = this.model.customers.get(hold.customer)!;
    const means = this.#spendable(hold.payer, hold.floor) + hold.amount;
    const cap = longestWithin(means, hold.version, Math.min(maxCall, step.to ?? maxCall));
    if (cap <= hold.cap) return done(hold.latest!, true);
    hold.cap = cap;
    this.#reserve(hold, rules.priceOf(cap * 1000, hold.version));
    hold.latest = this.#answer(hold, 'extend');
    return done(hold.latest);
  }

  release(step: ReleaseStep): Expected {
    const hold = this.#holds.get(step.call);
    if (!hold) return refused('HOLD_NOT_FOUND');
    if (hold.state === 'captured') return refused('HOLD_ENDED');
    if (hold.released) return done(hold.released, true);
    this.end(hold, 'released');
    hold.released = this.#answer(hold, 'release');
    return done(hold.released);
  }

  /** What only this hold had kept expires now (rule 17). */
  end(hold: ModelHold, state: 'captured' | 'released'): void {
    hold.state = state;
    this.#reserve(hold, 0n);
    this.model.pass(this.model.now);
  }

  #reserve(hold: ModelHold, amount: Amount): void {
    this.model.wallets.get(hold.payer)!.held += amount - hold.amount;
    hold.amount = amount;
  }

  #spendable(wallet: WalletName, floor: Amount): Amount {
    const { posted, held, disputed } = this.model.wallets.get(wallet)!;
    return posted - held - disputed - floor;
  }

  #isStopped(wallet: WalletName): boolean {
    return this.model.setup.disputePolicy === 'stop' && this.model.wallets.get(wallet)!.openDisputes > 0;
  }

  #answer(hold: ModelHold, kind: string): Answer {
    const { posted } = this.model.wallets.get(hold.payer)!;
    return {
      outcome: 'hold',
      kind,
      customer: hold.customer,
      wallet: hold.payer === PARTNER ? 'partner' : 'customer',
      balance: posted,
      status: this.model.statusOf(hold.payer),
      state: hold.state,
      cap: hold.cap,
      held: hold.amount,
      floor: hold.floor,
      rateVersion: hold.version.version,
    };
  }
}

/** Rule 6: the most seconds whose price fits. */
function longestWithin(means: Amount, version: rules.RateVersion, longest: number): number {
  if (version.rate === 0n) return longest;
  let [fits, tooMuch] = [0, longest + 1];
  while (tooMuch - fits > 1) {
    const middle = Math.floor((fits + tooMuch) / 2);
    if (rules.priceOf(middle * 1000, version) <= means) fits = middle;
    else tooMuch = middle;
  }
  return fits;
}
