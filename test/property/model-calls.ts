import { causeOf, done, notDecided, refused, type Expected, type Model } from './model';
import type { ModelHold } from './model-holds';
import * as rules from './rules';
import {
  PARTNER,
  requestName,
  revisionName,
  type Amount,
  type Answer,
  type Clues,
  type DismissStep,
  type Facts,
  type MoveStep,
  type OperationName,
  type ReportStep,
  type ReversalStep,
  type WalletName,
} from './steps';

export interface ModelCall {
  readonly id: string;
  state: 'suspense' | 'charged' | 'closed';
  facts: Facts;
  clues: Clues;
  /** The customer that our own caller named. */
  named: string | null;
  customer: string | null;
  payer: WalletName | null;
  version: rules.RateVersion | null;
  /** The version of the partner's rate for what it carries; kept like the payer's (rule 3). */
  partnerVersion: rules.RateVersion | null;
  /** What decides the rates. */
  readonly startedAt: number;
  revision: number;
  /** What it costs now, the partner's part of that, and what that part took from the partner's wallet. */
  price: Amount;
  overage: Amount;
  overagePaid: Amount;
  reversed: Amount;
  /** What its cost has taken from the partner's wallet. */
  costPaid: Amount;
  /** Facts that were told, and the operation that answered them. */
  readonly seen: Map<string, OperationName | null>;
}

/** What a change of a call's price does to the two wallets that may pay for it. Signed. */
interface Effect {
  readonly payer: Amount;
  readonly partner: Amount;
  readonly overage: Amount;
  readonly overagePaid: Amount;
  readonly flagged: Amount;
  /** What its cost does to the partner's wallet. */
  readonly cost: Amount;
}

/** The calls of the model: rules 2 to 5, 8, 10, 11 and 13. */
export class ModelCalls {
  /** Of the newest revision. */
  #effect: Effect | null = null;

  constructor(readonly model: Model) {}

  /** A refused report changes nothing: it isn't even recorded. */
  report(step: ReportStep, now: number, startedAt: number | null): Expected {
    const undo = this.model.remember(this.model.calls.get(step.call));
    const expected = this.#reported(step, now, startedAt);
    if (expected.ok === false) undo();
    return expected;
  }

  #reported(step: ReportStep, now: number, startedAt: number | null): Expected {
    if (step.customer !== null && !this.model.customers.has(step.customer)) return refused('CUSTOMER_NOT_FOUND');
    const call = this.model.calls.get(step.call);
    const hold = this.model.holds.of(step.call);
    // Rule 7: a hold has fixed whose the call is.
    if (!call && hold && step.customer !== null && step.customer !== hold.customer)
      return refused('CALL_CUSTOMER_MISMATCH');
    if (!call) return this.#resolve(this.#open(step, startedAt ?? now), step, false);
    if (call.state === 'suspense') return this.#reportInSuspense(call, step);
    const another = step.customer !== null && call.customer !== null && step.customer !== call.customer;
    if (another) return refused('CALL_CUSTOMER_MISMATCH');
    // Whom a dismissed call was thought to be of is not told.
    if (call.state === 'closed') return notDecided(...(step.customer === null ? [] : ['CALL_CUSTOMER_MISMATCH']));
    const seen = call.seen.get(rules.factsText(step.facts));
    // Rule 10 says the first result; that was suspense, which it no longer is.
    if (seen === null) return notDecided();
    if (seen) return done(this.model.operations.get(seen)!.answer, true);
    return this.#revise(call, step);
  }

  /** Rule 13: a call in suspense is charged to a customer. */
  assign(step: MoveStep): Expected {
    const call = this.model.calls.get(step.call);
    const codes: string[] = [];
    if (!call) codes.push('CALL_NOT_FOUND');
    if (!this.model.customers.has(step.customer)) codes.push('CUSTOMER_NOT_FOUND');
    // To whom it is assigned already: there is nothing left to do, and a retry needs to hear so.
    if (call?.state === 'charged' && call.customer === step.customer) return done(this.#latest(call), true);
    if (call?.state === 'charged') codes.push('CALL_CUSTOMER_MISMATCH', 'CALL_NOT_IN_SUSPENSE');
    if (call?.state === 'closed') codes.push('CALL_CLOSED', 'CALL_NOT_IN_SUSPENSE');
    if (!call || codes.length > 0) return refused(...codes);
    const undo = this.model.remember(call);
    const charged = this.#charge(call, step.customer, 'call', null);
    if (!charged?.ok) undo();
    return charged ?? refused('RATE_REQUIRED');
  }

  dismiss(step: DismissStep): Expected {
    const call = this.model.calls.get(step.call);
    if (!call) return refused('CALL_NOT_FOUND');
    const dismissed = call.state === 'closed' && call.customer === null;
    if (dismissed) return notDecided();
    if (call.state !== 'suspense') return refused('CALL_NOT_IN_SUSPENSE', 'CALL_CLOSED');
    call.state = 'closed';
    return notDecided();
  }

  /** Rule 11: reversed and charged to the right customer in one operation. */
  reassign(step: MoveStep): Expected {
    const call = this.model.calls.get(step.call);
    const codes: string[] = [];
    if (!call) codes.push('CALL_NOT_FOUND');
    if (!this.model.customers.has(step.customer)) codes.push('CUSTOMER_NOT_FOUND');
    if (call?.state === 'closed') codes.push('CALL_CLOSED');
    if (call?.state === 'suspense') codes.push('CALL_NOT_CHARGED');
    if (!call || codes.length > 0) return refused(...codes);
    if (call.customer === step.customer) return done(this.#latest(call), true);

    const undo = this.model.remember(call);
    const back = this.#lower(call, call.price);
    if (!this.#fits(call, back)) codes.push('WALLET_LIMIT');
    const payer = call.payer!;
    this.model.add(payer, back.payer, causeOf(call.id, back.payer));
    this.model.add(PARTNER, back.partner, causeOf(call.id, back.partner));
    this.#effect = null;
    Object.assign(call, { price: 0n, overage: 0n, overagePaid: 0n });
    const charged = this.#charge(call, step.customer, 'reassign', null);
    // One operation has one effect on a status: that of all it did.
    for (const wallet of [payer, PARTNER]) this.model.settle(wallet);
    // By what was moved, whether or not some of it has expired since.
    const { payer: taken = 0n, partner = 0n, cost = 0n } = this.#effect ?? {};
    const raised =
      (payer === PARTNER ? back.payer : 0n) + back.partner + (call.payer === PARTNER ? taken : 0n) + partner + cost;
    if (this.model.allocates && back.payer + taken > 0n && !step.host) codes.push('HOST_KEY_REQUIRED');
    if (!charged) codes.push('RATE_REQUIRED');
    if (charged?.ok === false) codes.push(...charged.codes);
    if (raised > 0n && !step.host) codes.push('HOST_KEY_REQUIRED');
    if (charged?.ok && codes.length === 0) return charged;
    undo();
    return refused(...codes);
  }

  /** Rules 8 and 11: a partial reversal comes off the partner's part first, and any closes the call. */
  reverse(step: ReversalStep, id: string): Expected {
    const call = this.model.calls.get(id)!;
    const left = call.price - call.reversed;
    const part = step.amount ?? left;
    const codes: string[] = [];
    if (part <= 0n) codes.push('AMOUNT_NOT_POSITIVE');
    if (left === 0n) codes.push('NOT_REVERSIBLE', 'REVERSAL_TOO_LARGE');
    if (part > left) codes.push('REVERSAL_TOO_LARGE');
    if (codes.length > 0) return refused(...codes);
    const effect = this.#lower(call, part);
    if ((raisesPartner(call, effect) || this.model.allocates) && !step.host) codes.push('HOST_KEY_REQUIRED');
    if (!this.#fits(call, effect)) codes.push('WALLET_LIMIT');
    if (codes.length > 0) return refused(...codes);

    const moved = this.#post(call, effect);
    call.reversed += part;
    call.state = 'closed';
    const name = requestName(step.key);
    const answer = this.model.answerOf(name, 'reversal', call.customer!, call.payer!, moved, null);
    this.model.record(step, answer, null);
    return done(answer);
  }

  #open(step: ReportStep, startedAt: number): ModelCall {
    const nothing = { customer: null, payer: null, version: null, partnerVersion: null, revision: 0 };
    const free = { price: 0n, overage: 0n, overagePaid: 0n, reversed: 0n, costPaid: 0n };
    const told = { facts: step.facts, clues: step.clues, named: step.customer, startedAt };
    const call: ModelCall = { id: step.call, state: 'suspense', ...told, ...nothing, ...free, seen: new Map() };
    this.model.calls.set(call.id, call);
    return call;
  }

  /** The best facts count, whoever tells whose the call is. */
  #reportInSuspense(call: ModelCall, step: ReportStep): Expected {
    const replayed = call.seen.has(rules.factsText(step.facts));
    if (rules.beats(step.facts, call.facts)) call.facts = step.facts;
    call.clues = {
      agent: step.clues.agent ?? call.clues.agent,
      from: step.clues.from ?? call.clues.from,
      to: step.clues.to ?? call.clues.to,
      direction: step.clues.direction ?? call.clues.direction,
      metadata: step.clues.metadata ?? call.clues.metadata,
    };
    // The rules don't say whether a customer whom an earlier report named is remembered; it isn't.
    call.named = step.customer;
    return this.#resolve(call, step, replayed);
  }

  #resolve(call: ModelCall, step: ReportStep, replayed: boolean): Expected {
    call.seen.set(rules.factsText(step.facts), null);
    const held = this.model.holds.of(call.id);
    const found = held ? [held.customer] : call.named !== null ? [call.named] : this.model.customersBy(call.clues);
    if (found.length === 1) {
      const charged = this.#charge(call, found[0]!, 'call', step.facts);
      return charged ?? done({ outcome: 'suspense', reason: 'rate_required' }, replayed);
    }
    return done({ outcome: 'suspense', reason: found.length === 0 ? 'no_customer' : 'several_customers' }, replayed);
  }

  /** Rules 3, 5 and 8. Nothing when the payer has no rate. */
  #charge(call: ModelCall, customer: string, kind: 'call' | 'reassign', told: Facts | null): Expected | null {
    // What a hold froze counts for the first charge, also after it was released.
    const hold = kind === 'call' ? this.model.holds.of(call.id) : undefined;
    const payer = hold?.payer ?? (this.model.customers.get(customer)!.aiCredits ? customer : PARTNER);
    const version = hold?.version ?? rules.versionAt(this.model.versions.get(payer)!, call.startedAt);
    if (!version) return null;
    const partnerVersion = rules.versionAt(this.model.versions.get(PARTNER)!, call.startedAt) ?? null;
    Object.assign(call, { customer, payer, version, partnerVersion, state: 'charged' });
    const price = rules.priceOf(this.#billable(call, call.facts), version);
    const live = hold?.state === 'live' ? hold : undefined;
    const effect = this.#withCost(call, this.#raise(call, price, live), price, call.facts);
    return this.#newRevision(call, price, effect, kind, told, live);
  }

  /** Rule 10: better facts post the difference; all others are recorded and post nothing. */
  #revise(call: ModelCall, step: ReportStep): Expected {
    const better = rules.beats(step.facts, call.facts);
    const price = better ? rules.priceOf(this.#billable(call, step.facts), call.version!) : call.price;
    const more = price - call.price;
    const nothing = {
      payer: 0n,
      partner: 0n,
      overage: call.overage,
      overagePaid: call.overagePaid,
      flagged: 0n,
      cost: 0n,
    };
    const priced = more > 0n ? this.#raise(call, more) : more < 0n ? this.#lower(call, -more) : nothing;
    const effect = better ? this.#withCost(call, priced, price, step.facts) : priced;
    if (more === 0n && effect.cost === 0n) {
      if (better) call.facts = step.facts;
      call.seen.set(rules.factsText(step.facts), revisionName(call.id, call.revision));
      return done(this.#latest(call), true);
    }
    // Rule 4: a revision by fields alone that raises the partner's wallet is the host's.
    if (raisesPartner(call, effect) && step.facts.rank === 1 && !step.host) return refused('HOST_KEY_REQUIRED');
    call.facts = step.facts;
    return this.#newRevision(call, price, effect, 'call', step.facts);
  }

  #newRevision(
    call: ModelCall,
    price: Amount,
    effect: Effect,
    kind: 'call' | 'reassign',
    told: Facts | null,
    hold?: ModelHold,
  ): Expected {
    // Rule 8 never refuses a call, rule 1 never lets a wallet go so far: where both can't hold, nothing changes.
    if (!this.#fits(call, effect)) return refused('WALLET_LIMIT');
    const previousPrice = call.price;
    const moved = this.#post(call, effect, hold);
    call.price = price;
    call.revision += 1;
    const name = revisionName(call.id, call.revision);
    if (told) call.seen.set(rules.factsText(told), name);
    const answer: Answer = this.model.answerOf(name, kind, call.customer!, call.payer!, moved, {
      revision: call.revision,
      rateVersion: call.version!.version,
      billedSeconds: rules.billedSeconds(this.#billable(call, call.facts), call.version!.rounding),
      price,
      previousPrice,
      payer: call.payer === PARTNER ? 'partner' : 'customer',
      byCustomer: call.payer === PARTNER ? 0n : price - call.overage,
      byPartner: call.payer === PARTNER ? price : call.overagePaid,
      flagged: effect.flagged,
    });
    this.model.operations.set(name, { content: '', answer, call: call.id, moved: null, reversed: 0n });
    if (hold) this.model.holds.end(hold, 'captured');
    return done(answer);
  }

  /** Rule 8: within room it is posted; beyond, the customer owes it or the partner carries it. */
  #raise(call: ModelCall, amount: Amount, hold?: ModelHold): Effect {
    const payer = call.payer!;
    const room = this.#room(payer, call, hold);
    const within = room < amount ? room : amount;
    const { overage, overagePaid } = call;
    if (payer === PARTNER || this.model.customers.get(payer)!.policy === 'debt')
      return { payer: -amount, partner: 0n, overage, overagePaid, flagged: amount - within, cost: 0n };
    const carried = overage + amount - within;
    const carriedPaid = this.#partnersShare(call, carried);
    const partnerPays = carriedPaid - overagePaid;
    const partnerRoom = this.#room(PARTNER, call);
    const flagged = partnerPays > partnerRoom ? partnerPays - partnerRoom : 0n;
    return { payer: -within, partner: -partnerPays, overage: carried, overagePaid: carriedPaid, flagged, cost: 0n };
  }

  /** Rule 4: beside its price a call takes its cost; of one that the partner carries in part, the customer's share. */
  #withCost(call: ModelCall, effect: Effect, price: Amount, facts: Facts): Effect {
    if (!this.model.setup.levels.trackCost) return effect;
    // A credit is worth a cent: a millionth of a dollar is a hundred microcredits.
    let due = facts.cost === null ? null : facts.cost * 100n;
    if (due !== null && price > 0n) due = rules.rounded(due * (price - effect.overage), price);
    if (call.payer === PARTNER) due = 0n;
    if (due === null || due === call.costPaid) return effect;
    const more = due - call.costPaid;
    if (more < 0n) return { ...effect, cost: -more };
    const { posted, held, grants } = this.model.wallets.get(PARTNER)!;
    const back = effect.partner > 0n ? grants.copy().giveBack(`call ${call.id}`, effect.partner, this.model.now) : null;
    const gone = back?.expired.reduce((sum, { part }) => sum + part, 0n) ?? 0n;
    const free = posted - held + effect.partner - gone;
    const beyond = more - (free > 0n ? free : 0n);
    return { ...effect, cost: -more, flagged: effect.flagged + (beyond > 0n ? beyond : 0n) };
  }

  /** Rule 1, on both wallets. */
  #fits(call: ModelCall, effect: Effect): boolean {
    const within = (wallet: WalletName, change: Amount) => {
      const after = this.model.wallets.get(wallet)!.posted + change;
      return after < rules.LIMIT && after > -rules.LIMIT;
    };
    const both = within(call.payer!, effect.payer) && within(PARTNER, effect.partner);
    return both && within(PARTNER, effect.partner + effect.cost + (call.payer === PARTNER ? effect.payer : 0n));
  }

  /**
   * Rule 7: an end a little past the cap is the cap, and one far beyond it is implausible: the cap counts. Only of a hold
   * that stood when the call ended.
   */
  #billable(call: ModelCall, facts: Facts): number {
    const milliseconds = rules.chargeable(facts);
    const hold = this.model.holds.of(call.id);
    if (!hold || hold.state === 'released') return milliseconds;
    const cap = hold.cap * 1000;
    const over = milliseconds - cap;
    return over > 60_000 || (over > 0 && over <= 3_000) ? cap : milliseconds;
  }

  /** What a wallet may still give before its floor, beside what others hold; never less than what was promised. */
  #room(wallet: WalletName, call: ModelCall, hold?: ModelHold): Amount {
    const { posted, held } = this.model.wallets.get(wallet)!;
    const floor = hold ? hold.floor : this.model.floorOf(wallet, call.version);
    const promised = hold?.amount ?? 0n;
    const room = posted - (held - promised) - floor;
    return room > promised ? room : promised;
  }

  /** Rule 8: downward comes off the partner's part first. */
  #lower(call: ModelCall, amount: Amount): Effect {
    const off = amount < call.overage ? amount : call.overage;
    const overage = call.overage - off;
    const overagePaid = this.#partnersShare(call, overage);
    const partner = call.overagePaid - overagePaid;
    return { payer: amount - off, partner, overage, overagePaid, flagged: 0n, cost: 0n };
  }

  /** Rule 8, at the rates of the call's start; of the whole part, so that differences are subtractions (rule 2). */
  #partnersShare(call: ModelCall, overage: Amount): Amount {
    if (overage === 0n) return 0n;
    call.partnerVersion ??= rules.versionAt(this.model.versions.get(PARTNER)!, call.startedAt)!;
    return rules.rounded(overage * call.partnerVersion.rate, call.version!.rate);
  }

  /** Answers what it did to the payer's wallet: less than was given back when some of that has expired. */
  #post(call: ModelCall, effect: Effect, hold?: ModelHold): Amount {
    const cause = causeOf(call.id, effect.payer);
    const kept = hold && -effect.payer > hold.amount ? hold.amount : -effect.payer;
    const captured = hold && { captured: { amount: kept, since: hold.since } };
    const gone = this.model.add(call.payer!, effect.payer, 'subject' in cause ? { ...cause, ...captured } : cause);
    for (const amount of [effect.partner, effect.cost]) this.model.add(PARTNER, amount, causeOf(call.id, amount));
    for (const wallet of [call.payer!, PARTNER]) this.model.settle(wallet);
    call.costPaid -= effect.cost;
    this.#effect = effect;
    call.overage = effect.overage;
    call.overagePaid = effect.overagePaid;
    return effect.payer - gone;
  }

  #latest(call: ModelCall): Answer {
    return this.model.operations.get(revisionName(call.id, call.revision))!.answer;
  }
}

function raisesPartner(call: ModelCall, effect: Effect): boolean {
  return (call.payer === PARTNER ? effect.payer : effect.partner) + effect.cost > 0n;
}
