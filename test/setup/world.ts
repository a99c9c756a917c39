import { randomBytes } from 'node:crypto';
import { Sealer } from '@talktime/core/access';
import { deduct, NO_CLUES, type CallClues, type CallFacts, type Talktime } from '@talktime/core/calls';
import { customerCreate, partnerCreate, type SettingsPatch } from '@talktime/core/contract';
import { createCustomer, createPartner, updatePartner } from '@talktime/core/customers';
import { Ledger, topUp, type Actor, type Answered } from '@talktime/core/ledger';
import { micro, parseDecimal, type Microcredits } from '@talktime/core/money';
import { createTestDatabase, type TestDatabase } from './database';

export const HOST: Actor = { id: 'key:host', host: true };
export const PARTNER: Actor = { id: 'key:partner', host: false };

/** Credits from their text, for tests. */
export function credits(text: string): Microcredits {
  const parsed = parseDecimal(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.refusal}`);
  return micro(parsed.value);
}

/** A call as a report says it. Signed webhook, no order, no clues, unless said. */
export interface CallSpec {
  readonly id?: string;
  readonly seconds: number;
  readonly outcome?: CallFacts['outcome'];
  readonly rank?: CallFacts['rank'];
  readonly order?: number | null;
  readonly cost?: CallFacts['cost'];
  readonly customerId?: string | null;
  readonly clues?: Partial<CallClues>;
  readonly startedAt?: number;
  readonly actor?: Actor;
}

/** A partner with its ledger on a real database, in the words of the money rules. */
export class World {
  readonly talktime: Talktime;
  #keys = 0;

  private constructor(
    readonly test: TestDatabase,
    readonly partnerId: string,
  ) {
    this.talktime = { database: test.database, ledger: new Ledger(test.database), sealer: new Sealer(randomBytes(32)) };
  }

  static async create(test: TestDatabase, settings: { rate?: string } = {}): Promise<World> {
    const partner = await createPartner(test.database, HOST, partnerCreate.parse({ name: 'North Star Voice' }));
    const world = new World(test, partner.id);
    if (settings.rate !== undefined) {
      await updatePartner(test.database, partner.id, PARTNER, { price_per_minute: { credits: settings.rate } });
    }
    return world;
  }

  /** The same partner through another process's ledger. */
  replica(): World {
    return new World(this.test, this.partnerId);
  }

  static async open(): Promise<TestDatabase> {
    return createTestDatabase();
  }

  /** A customer at 12 credits a minute, 1/1, with AI credits enabled, unless said otherwise; filled with `posted`. */
  async customer(id: string, posted: string, settings: Partial<SettingsPatch> = {}): Promise<string> {
    const input = customerCreate.parse({
      id,
      name: id,
      settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' }, ...settings },
    });
    await createCustomer(this.test.database, this.partnerId, PARTNER, input);
    if (Number(posted) > 0) await this.topUp(id, posted);
    return id;
  }

  /** A fresh idempotency key. */
  key(): string {
    return `key-${++this.#keys}`;
  }

  async topUp(customer: string | 'partner', amount: string, actor: Actor = HOST): Promise<void> {
    const wallet = customer === 'partner' ? { wallet: 'partner' as const } : { customer_id: customer };
    await topUp(this.talktime.ledger, this.partnerId, actor, {
      ...wallet,
      amount,
      kind: 'paid',
      idempotency_key: this.key(),
    });
  }

  /** Reports a call's end. */
  async call(spec: CallSpec): Promise<Answered> {
    const { id = 'call-1', seconds, outcome = 'connected', rank = 2, order = null, cost = null } = spec;
    return this.talktime.ledger.submit(this.partnerId, {
      kind: 'call',
      actor: spec.actor ?? PARTNER,
      identity: { provider: 'retell', account: 'default', callId: id, leg: '' },
      facts: { outcome, rawMilliseconds: Math.round(seconds * 1000), cost, rank, order },
      startedAt: spec.startedAt ?? null,
      clues: { ...NO_CLUES, ...spec.clues },
      customerId: spec.customerId ?? null,
    });
  }

  /** A call by plain fields, as a builder sends it. */
  async callByFields(callId: string, seconds: string, customerId: string, actor: Actor = PARTNER) {
    return deduct(this.talktime, this.partnerId, actor, {
      source: 'call',
      provider: 'retell',
      call_id: callId,
      seconds,
      customer_id: customerId,
    });
  }

  /** The posted balance of a customer, or of the partner, as text. */
  async posted(customer: string | 'partner'): Promise<number> {
    const rows = await this.test.superuser<{ posted: string }>(
      `select (w.posted / 1000000.0)::text as posted
       from talktime.wallets w
       left join talktime.customers c using (partner_id, wallet_id)
       where w.partner_id = $1 and case when $2 = 'partner' then w.wallet_id = 0 else c.customer_id = $2 end`,
      [this.partnerId, customer],
    );
    return Number(rows[0]!.posted);
  }

  /** Everything that counts, to show that a refusal changed nothing. */
  async fingerprint(): Promise<string> {
    const [row] = await this.test.superuser<{ text: string }>(
      `select (select json_agg(w order by wallet_id) from talktime.wallets w where partner_id = $1)::text
              || (select count(*) from talktime.operations where partner_id = $1)
              || (select count(*) from talktime.transfers where partner_id = $1)
              || (select count(*) from talktime.calls where partner_id = $1)
              || (select count(*) from talktime.outbox where partner_id = $1) as text`,
      [this.partnerId],
    );
    return row!.text;
  }
}
