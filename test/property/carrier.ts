import { levelsOf } from '@talktime/core/alerts';
import { evaluateAlert, fold, type Command, type LedgerState, type Outcome, type Writes } from '@talktime/core/ledger';
import * as ledger from '@talktime/core/ledger';
import type { Microcredits, Rate } from '@talktime/core/money';
import {
  CUSTOMERS,
  PARTNER,
  type AlertLevel,
  type MappingStep,
  type Settings,
  type SettingsStep,
  type Setup,
  type WalletName,
} from './steps';

type Mutable<T> = T extends ReadonlyMap<infer K, infer V> ? Map<K, V> : T;

/** What no history has: limits of spend, a chain that is looked at. */
const NO_LIMITS = { maxSpendPerDay: null, maxSpendPerMonth: null };
const NO_CHAIN = { head: null, lots: [], lastGrant: 0 };

/** A partner's ledger held in memory: `fold` decides, and what it would write is carried over to the next fold. */
export class Carrier {
  readonly transfers: ledger.TransferRow[] = [];
  readonly alerts: ledger.AlertRow[] = [];
  readonly facts = new Map<string, ledger.FactsRow>();
  readonly #grants = new Map<string, ledger.GrantState>();
  readonly #unbacked = new Map<string, { walletId: number; sequence: bigint; amount: Microcredits }>();
  readonly #changes: ledger.BurnChange[] = [];
  /** By take-back of a payment: the operation that credited what it takes back. */
  readonly #takesBack = new Map<string, string>();
  /** As set, by wallet; null: those of the partner for its customers. */
  readonly #levels = new Map<number, readonly AlertLevel[] | null>();
  #customerLevels: readonly AlertLevel[];
  readonly #state: { -readonly [Key in keyof LedgerState]: Mutable<LedgerState[Key]> };

  constructor(
    readonly partnerId: string,
    setup: Setup,
    now: number,
  ) {
    this.#state = {
      holds: new Map(),
      payments: new Map(),
      liveHolds: new Map(),
      spending: new Map(),
      backing: ledger.NO_BACKING,
      partnerId,
      partner: {
        currency: 'USD',
        creditValue: 10_000n,
        ...setup.levels,
        exchangeRates: new Map(),
        announces: false,
        disputePolicy: setup.disputePolicy,
      },
      wallets: new Map(),
      customers: new Map(),
      rates: new Map(),
      operations: new Map(),
      reversible: new Map(),
      calls: new Map(),
      facts: new Map(),
      mappings: new Map(),
    };
    this.#customerLevels = setup.partner.customerLevels;
    this.#open(PARTNER, setup.partner, now);
    for (const id of CUSTOMERS) {
      const settings = setup.customers[id]!;
      this.#open(id, settings, now);
      this.#state.customers.set(id, {
        ...NO_LIMITS,
        customerId: id,
        walletId: walletId(id),
        aiCreditsEnabled: settings.aiCredits,
        graceSeconds: settings.grace,
        overdraft: settings.overdraft as Microcredits,
        shortfallPolicy: settings.policy,
        maxCallSeconds: settings.maxCall,
        maxConcurrentCalls: settings.maxConcurrent,
      });
    }
    for (const mapping of setup.mappings) this.map(mapping);
  }

  get state(): LedgerState {
    return this.#state;
  }

  submit(commands: readonly Command[], now: number): readonly Outcome[] {
    let folded = fold(this.#state, commands, now);
    for (let backing = ledger.NO_BACKING; folded.missing.length > 0; ) {
      backing = this.#load(backing, folded.missing);
      folded = fold({ ...this.#state, backing }, commands, now);
    }
    this.#write(folded.writes);
    return folded.outcomes;
  }

  /** As loadBacking does. */
  #load(before: ledger.Backing, missing: readonly ledger.Wanted[]): ledger.Backing {
    const burns = new Map(before.burns);
    const unbacked = new Map(before.unbacked);
    const grants = new Map(before.grants);
    for (const wanted of missing) {
      const { walletId: id } = wanted;
      if (wanted.kind === 'grant') {
        const key = ledger.grantKey(id, wanted.grant);
        grants.set(key, this.#grants.get(key)!);
      } else if (wanted.kind === 'unbacked') {
        const open = [...this.#unbacked.values()].filter((each) => each.walletId === id && each.amount > 0n);
        open.sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
        unbacked.set(id, new Map(open.map(({ sequence, amount }) => [sequence, amount])));
      } else {
        burns.set(ledger.subjectKey(id, wanted.subject), this.#burnsOf(id, wanted.subject));
      }
    }
    return { burns, unbacked, grants };
  }

  #burnsOf(id: number, subject: string): ledger.Burn[] {
    const own = this.transfers.filter(
      ({ debit, credit, operationId }) =>
        debit === id &&
        credit !== ledger.ACCOUNTS.expiry &&
        (this.#state.reversible.get(operationId)!.callId ?? this.#takesBack.get(operationId) ?? operationId) ===
          subject,
    );
    return own.flatMap(({ amount, burned, debitSide }) => {
      const { sequence } = debitSide!;
      const changes = this.#changes
        .filter((each) => each.walletId === id && each.ofSequence === sequence)
        .map((each) => ({ grant: each.grant, amount: String(each.amount) }));
      return ledger.burnsOf({ sequence, amount, burned, changes });
    });
  }

  /** As updateCustomer and updatePartner do, for a change that they take. */
  change({ customer, change }: SettingsStep, now: number): void {
    const id = walletId(customer);
    const before = this.#state.customers.get(customer);
    if (before) {
      this.#state.customers.set(customer, {
        ...before,
        aiCreditsEnabled: change.aiCredits ?? before.aiCreditsEnabled,
        graceSeconds: change.grace ?? before.graceSeconds,
        overdraft: (change.overdraft ?? before.overdraft) as Microcredits,
        shortfallPolicy: change.policy ?? before.shortfallPolicy,
        maxCallSeconds: change.maxCall ?? before.maxCallSeconds,
        maxConcurrentCalls: change.maxConcurrent === undefined ? before.maxConcurrentCalls : change.maxConcurrent,
      });
    }
    if (change.rate !== undefined || change.rounding !== undefined) {
      const latest = this.#state.rates.get(id)?.at(-1);
      const rounding = change.rounding ?? {
        initial: latest?.rounding.initialSeconds ?? 1,
        increment: latest?.rounding.incrementSeconds ?? 1,
      };
      this.#addRate(id, change.rate ?? latest!.creditsPerMinute, rounding, now);
    }
    const wallet = this.#state.wallets.get(id)!;
    const threshold = change.threshold === undefined ? wallet.lowCreditThreshold : change.threshold;
    const notificationsEnabled = change.notifications ?? wallet.notificationsEnabled;
    const lowCreditThreshold = threshold as Microcredits | null;
    this.#state.wallets.set(id, { ...wallet, lowCreditThreshold, notificationsEnabled });
    if (change.alertLevels !== undefined) this.#levels.set(id, change.alertLevels);
    this.#evaluate(id);
    if (change.customerLevels === undefined) return;
    this.#customerLevels = change.customerLevels;
    for (const [each, levels] of this.#levels) if (levels === null) this.#evaluate(each);
  }

  /** As loadWallets and then reevaluateAlerts do. */
  #evaluate(id: number): void {
    const wallet = this.#state.wallets.get(id)!;
    const levels = levelsOf(wallet.lowCreditThreshold, this.#levels.get(id) ?? this.#customerLevels, {
      lastTopUp: wallet.lastTopUp,
      rate: this.#state.rates.get(id)?.at(-1) ?? null,
      pace: null,
    });
    this.#state.wallets.set(id, evaluateAlert({ ...wallet, levels }).wallet);
  }

  map({ mapping, value, customer }: MappingStep): void {
    const key = ledger.mappingKey(mapping, value);
    if (!this.#state.mappings.has(key)) this.#state.mappings.set(key, customer);
  }

  #open(
    name: WalletName,
    settings: Pick<Settings, 'threshold' | 'alertLevels' | 'notifications' | 'rate' | 'rounding'>,
    now: number,
  ): void {
    const id = walletId(name);
    this.#levels.set(id, settings.alertLevels);
    this.#state.wallets.set(id, {
      ...NO_CHAIN,
      walletId: id,
      customerId: name === PARTNER ? null : name,
      posted: 0n as Microcredits,
      held: 0n as Microcredits,
      disputed: 0n as Microcredits,
      openDisputes: 0,
      sequence: 0n,
      lastPostedAt: null,
      status: 'ok',
      told: 'ok',
      episode: 1,
      lowCreditThreshold: settings.threshold as Microcredits | null,
      levels: [],
      lastTopUp: null,
      notificationsEnabled: settings.notifications,
    });
    if (settings.rate !== null) this.#addRate(id, settings.rate, settings.rounding, now);
    this.#evaluate(id);
  }

  #addRate(id: number, rate: bigint, rounding: Setup['partner']['rounding'], now: number): void {
    const versions = this.#state.rates.get(id) ?? [];
    const latest = versions.at(-1);
    const same =
      latest?.creditsPerMinute === rate &&
      latest.rounding.initialSeconds === rounding.initial &&
      latest.rounding.incrementSeconds === rounding.increment;
    if (same) return;
    const version: Rate = {
      version: versions.length + 1,
      creditsPerMinute: rate as Microcredits,
      rounding: { initialSeconds: rounding.initial, incrementSeconds: rounding.increment },
      effectiveFrom: now,
    };
    this.#state.rates.set(id, [...versions, version]);
  }

  #write(writes: Writes): void {
    const { operations, reversible, calls, facts, wallets } = this.#state;
    this.transfers.push(...writes.transfers);
    this.alerts.push(...writes.alerts);
    for (const [key, grant] of writes.grants) this.#grants.set(key, grant);
    for (const [key, open] of writes.unbacked) this.#unbacked.set(key, open);
    this.#changes.push(...writes.burnChanges);
    for (const row of writes.operations) {
      if (operations.has(row.operationId)) throw new Error(`${row.operationId} was written twice`);
      operations.set(row.operationId, { contentHash: row.contentHash, result: row.result });
      const transfers = writes.transfers.filter((transfer) => transfer.operationId === row.operationId);
      const { kind, callId, result } = row;
      const reversed = 0n as Microcredits;
      const made = [...writes.grants.values()].find((grant) => grant.operationId === row.operationId);
      const grant = made ? { walletId: made.walletId, grant: made.grant, expired: 0n as Microcredits } : null;
      reversible.set(row.operationId, { kind, callId, customerId: result.customer_id, transfers, reversed, grant });
      if (row.reverses === null) continue;
      if (kind === 'refund' || kind === 'dispute') {
        this.#takesBack.set(row.operationId, row.reverses);
        continue;
      }
      const original = reversible.get(row.reverses)!;
      const taken = transfers.filter(({ credit }) => credit !== ledger.ACCOUNTS.expiry);
      const moved = taken.reduce((sum, { amount }) => sum + amount, original.reversed as bigint);
      reversible.set(row.reverses, { ...original, reversed: moved as Microcredits });
    }
    for (const { walletId: id, grant, amount } of writes.expired.values()) {
      const { operationId } = this.#grants.get(ledger.grantKey(id, grant))!;
      const maker = reversible.get(operationId!)!;
      const expired = (maker.grant!.expired + amount) as Microcredits;
      reversible.set(operationId!, { ...maker, grant: { ...maker.grant!, expired } });
    }
    for (const [id, wallet] of writes.wallets) wallets.set(id, wallet);
    for (const [id, part] of writes.payments) this.#state.payments.set(id, part);
    for (const [id, call] of writes.calls) calls.set(id, call);
    for (const [id, hold] of writes.holds) this.#state.holds.set(id, hold);
    for (const customer of CUSTOMERS) {
      const live = [...this.#state.holds.values()].filter(
        (hold) => hold.customerId === customer && hold.state === 'live',
      );
      const amount = live.reduce((sum, hold) => sum + hold.amount, 0n) as Microcredits;
      this.#state.liveHolds.set(customer, { count: live.length, amount });
    }
    for (const row of writes.facts) {
      this.facts.set(ledger.factsKey(row.callId, row.hash), row);
      facts.set(ledger.factsKey(row.callId, row.hash), { operationId: row.operationId });
    }
  }
}

/** 0 is the partner's; the customers' follow in their order. */
export function walletId(name: WalletName): number {
  return name === PARTNER ? 0 : (CUSTOMERS as readonly string[]).indexOf(name) + 1;
}
