import { Sealer } from '@talktime/core/access';
import { createWebhook } from '@talktime/core/alerts';
import { createCustomer, createPartner, addMapping, updateCustomer, updatePartner } from '@talktime/core/customers';
import {
  customerCreate,
  customerUpdate,
  WEBHOOK_EVENTS,
  webhookCreate,
  partnerCreate,
  partnerUpdate,
  TalktimeError,
} from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';
import { verify, type Ledger } from '@talktime/core/ledger';
import { walletId } from './carrier';
import { Translation } from './commands';
import { Difference } from './compare';
import { audit, type CallRow, type Query } from './auditor';
import { Model, type Expected } from './model';
import {
  PARTNER,
  type AlertLevel,
  type Happened,
  type History,
  type LedgerStep,
  type MappingStep,
  type SettingsStep,
} from './steps';

/** A history of a minute takes a fraction of a second here; so do its moments. */
const SECOND = 3;
const HOST = { id: 'key:host', host: true };

/** A partner on a real database, made as a history wants it, beside the model of it. */
export class PartnerUnderTest {
  private constructor(
    readonly database: Database,
    readonly translation: Translation,
    readonly model: Model,
  ) {}

  static async create(database: Database, { setup }: History): Promise<PartnerUnderTest> {
    const { id } = await createPartner(database, HOST, partnerCreate.parse({ name: 'North Star Voice' }));
    const versions = new Map<string, number>();
    const partner = await updatePartner(database, id, HOST, partnerUpdate.parse(partnerPatch(setup.partner)));
    await updatePartner(
      database,
      id,
      HOST,
      partnerUpdate.parse({
        funding: setup.levels.funding,
        track_cost: setup.levels.trackCost,
        dispute_policy: setup.disputePolicy,
      }),
    );
    await listenToEverything(database, id);
    versions.set(PARTNER, Date.parse(partner.settings.rate?.effective_from ?? ''));
    for (const [name, settings] of Object.entries(setup.customers)) {
      const input = customerCreate.parse({ id: name, name, settings: settingsPatch(settings) });
      const { settings: stored } = await createCustomer(database, id, HOST, input);
      versions.set(name, Date.parse(stored.rate?.effective_from ?? ''));
    }
    const translation = new Translation(id, Date.now(), SECOND);
    const under = new PartnerUnderTest(
      database,
      translation,
      new Model(
        setup,
        (name) => versions.get(name)!,
        (each) => translation.moment(each),
      ),
    );
    for (const mapping of setup.mappings) await under.change(mapping);
    return under;
  }

  get id(): string {
    return this.translation.partnerId;
  }

  async submit(
    ledger: Ledger,
    step: LedgerStep,
    startedAt: number | null,
  ): Promise<{ command: object; real: Happened }> {
    const command = this.translation.command(step, startedAt);
    try {
      const { result, replayed } = await ledger.submit(this.id, command);
      return { command, real: { ok: true, replayed, answer: this.translation.answer(result) } };
    } catch (error) {
      return { command, real: { ok: false, code: codeOf(error) } };
    }
  }

  /** Changes settings, or a mapping. Answers what happened and from when a new rate counts. */
  async change(step: SettingsStep | MappingStep): Promise<{ code: string | null; from: number }> {
    try {
      if (step.kind === 'mapping') {
        const { mapping: kind, value, customer } = step;
        await addMapping(this.database, this.id, HOST, { kind, value, customer_id: customer });
        return { code: null, from: 0 };
      }
      const { rate } =
        step.customer === PARTNER
          ? (await updatePartner(this.database, this.id, HOST, partnerUpdate.parse(partnerPatch(step.change)))).settings
          : (await this.#updateCustomer(step)).settings;
      return { code: null, from: Date.parse(rate?.effective_from ?? '') };
    } catch (error) {
      return { code: codeOf(error), from: 0 };
    }
  }

  async #updateCustomer({ customer, change }: SettingsStep) {
    const patch = customerUpdate.parse({ settings: settingsPatch(change) });
    return updateCustomer(this.database, this.id, HOST, customer, patch);
  }

  /** Whatever the model has must be what the database has, and the database's rows must follow from each other. */
  async check(query: Query): Promise<void> {
    const wrong = await audit(query, this.id);
    if (wrong.length > 0) throw new Difference('The auditor found', null, [], wrong);
    const { findings } = await verify(this.database, { partnerId: this.id });
    if (findings.length > 0) throw new Difference('verify found', null, [], findings);
    const wallets = await query<{ wallet_id: number; posted: string; held: string; disputed: string; status: string }>(
      'select wallet_id, posted, held, disputed, status from talktime.wallets where partner_id = $1 order by wallet_id',
      [this.id],
    );
    const expected = [...this.model.wallets].map(([name, { posted, held, disputed, status }]) => ({
      wallet_id: walletId(name),
      posted: String(posted),
      held: String(held),
      disputed: String(disputed),
      status,
    }));
    same('The wallets differ', expected, wallets);

    const calls = await query<CallRow>(
      `select provider_call_id, state, customer_id, payer, revision, price, overage, overage_paid, reversed
       from talktime.calls where partner_id = $1 and revision > 0 order by provider_call_id`,
      [this.id],
    );
    const expectedCalls = [...this.model.calls.values()]
      .filter((call) => call.revision > 0)
      .map((call) => ({
        provider_call_id: call.id,
        state: call.state,
        customer_id: call.customer,
        payer: call.payer === PARTNER ? 'partner' : 'customer',
        revision: call.revision,
        price: String(call.price - call.reversed),
        overage: String(call.overage),
        overage_paid: String(call.overagePaid),
        reversed: String(call.reversed),
      }))
      .sort((a, b) => (a.provider_call_id < b.provider_call_id ? -1 : 1));
    same('The calls differ', expectedCalls, calls);
  }
}

function same(what: string, expected: unknown, real: unknown): void {
  if (JSON.stringify(expected) !== JSON.stringify(real)) throw new Difference(what, null, expected, real);
}

export function agreeOnChange(step: SettingsStep | MappingStep, expected: Expected, code: string | null): void {
  const codes: readonly (string | null)[] = expected.ok === false ? expected.codes : [null];
  if (!codes.includes(code)) throw new Difference('The settings', step, expected, code);
}

function codeOf(error: unknown): string {
  if (error instanceof TalktimeError) return error.code;
  throw error;
}

type Change = SettingsStep['change'] | History['setup']['customers'][string];

function settingsPatch(change: Change) {
  return told({
    ai_credits_enabled: change.aiCredits,
    grace_seconds: change.grace,
    overdraft: change.overdraft === undefined ? undefined : decimal(change.overdraft),
    shortfall_policy: change.policy,
    max_call_seconds: change.maxCall,
    max_concurrent_calls: change.maxConcurrent,
    ...commonPatch(change),
  });
}

/** Most agencies have outgoing webhooks; with them a batch writes deliveries beside its postings. */
async function listenToEverything(database: Database, id: string): Promise<void> {
  const input = webhookCreate.parse({ url: 'https://hooks.example.com/talktime', events: [...WEBHOOK_EVENTS] });
  await createWebhook({ database, sealer: new Sealer(Buffer.alloc(32, 7)) }, id, HOST, input, 'any');
}

/** Without what is not there: a body has no undefined fields. */
function told<T extends object>(patch: T): Partial<T> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function partnerPatch(change: Change | History['setup']['partner']) {
  const { customerLevels } = change as Partial<History['setup']['partner']>;
  return told({
    customer_alert_levels: customerLevels && levelsPatch(customerLevels),
    ...commonPatch(change as Change),
  });
}

const levelsPatch = (levels: readonly AlertLevel[]) =>
  levels.map(({ status, kind, value }) => ({ status, kind, value: decimal(value) }));

function commonPatch(change: Change) {
  const { rate, threshold } = change;
  return told({
    low_credit_threshold: threshold === undefined || threshold === null ? threshold : decimal(threshold),
    low_credit_notifications_enabled: change.notifications,
    alert_levels: change.alertLevels && levelsPatch(change.alertLevels),
    price_per_minute: rate === undefined || rate === null ? undefined : { credits: decimal(rate) },
    // Where there is no rate at all, as at the beginning, there is nothing to round.
    rounding:
      change.rounding === undefined || rate === null
        ? undefined
        : { initial_seconds: change.rounding.initial, increment_seconds: change.rounding.increment },
  });
}

/** Microcredits as the decimal of the wire. */
export function decimal(amount: bigint): string {
  const digits = String(amount).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
