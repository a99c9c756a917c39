import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authorizeCall, releaseCall } from '@talktime/core/calls';
import { TalktimeError } from '@talktime/core/contract';
import { getBalance, updatePartner } from '@talktime/core/customers';
import { deductAmount, listGrants, reverse, topUp } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { credits, PARTNER, World } from '../setup/world';

/** The worked postings of core/ledger/README.md, executed: each line does something and says what there is after it. */
const README = readFileSync(join(__dirname, '../../core/ledger/README.md'), 'utf8');
const EXAMPLES = [...README.matchAll(/^([^\n]+)\n\n```ledger\n([\s\S]*?)```/gm)].map(
  (match) => [match[1]!, match[2]!.trim().split('\n')] as const,
);

const DAY = 24 * 60 * 60 * 1000;

describe('the worked postings of core/ledger/README.md', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  it('are there', () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(5));

  it.each(EXAMPLES)('%s', async (_, lines) => {
    await test.superuser(
      'create or replace function talktime.clock() returns timestamptz language sql volatile as $$ select clock_timestamp() $$',
    );
    const story = new Story(await World.create(test));
    for (const line of lines) {
      const [action, outcome] = line.split('->').map((part) => part.trim()) as [string, string | undefined];
      const refusal = await story.act(action).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof TalktimeError) return error.code;
          throw error;
        },
      );
      if (outcome === undefined) expect(refusal).toBeUndefined();
      else expect(`${action} -> ${refusal ?? (await story.state(outcome))}`).toBe(`${action} -> ${outcome}`);
    }
  });
});

const cents = (text: string) => BigInt(text.replace('.', ''));

const REPORTS: Record<string, { rank: 2 | 3; order: number | null }> = {
  call_ended: { rank: 2, order: 1 },
  call_analyzed: { rank: 2, order: 2 },
  api: { rank: 3, order: null },
};

const MONEY = { refunded: 0n, lost: 0n, disputed: 0n };

class Story {
  #customer = '';
  #paid = 0n;
  #cap = 0;

  constructor(private readonly world: World) {}

  async act(action: string): Promise<void> {
    const { talktime, partnerId } = this.world;
    const said = (pattern: RegExp) => pattern.exec(action);
    let match: RegExpExecArray | null;
    if ((match = said(/^customer (\w+): price (\S+), posted (\S+?)(?:, (.*))?$/))) {
      this.#customer = match[1]!;
      const more = Object.fromEntries((match[4] ?? '').split(', ').map((each) => each.split(/ (?=\S+$)/)));
      if (more['partner price'])
        await updatePartner(talktime.database, partnerId, PARTNER, {
          price_per_minute: { credits: more['partner price'] },
        });
      await this.world.customer(match[1]!, match[3]!, {
        price_per_minute: { credits: match[2]! },
        grace_seconds: Number(more.grace ?? 0),
        max_call_seconds: Number(more.longest ?? 3600),
        shortfall_policy: more.policy ?? 'debt',
      });
    } else if ((match = said(/^call (\w+) ends at (\d+) s(?: by (\w+))?$/))) {
      await this.world.call({
        id: match[1]!,
        seconds: Number(match[2]),
        customerId: this.#customer,
        ...REPORTS[match[3] ?? 'call_ended'],
      });
    } else if ((match = said(/^authorize (\w+)$/))) {
      const body = { provider: 'retell', call_id: match[1]!, customer_id: this.#customer, minimum_seconds: 30 };
      this.#cap = (await authorizeCall(talktime, partnerId, PARTNER, body)).hold.cap_seconds;
    } else if ((match = said(/^release (\w+)$/))) {
      await releaseCall(talktime, partnerId, PARTNER, { provider: 'retell', call_id: match[1]! });
    } else if ((match = said(/^deduct (\S+) as (\S+)$/))) {
      await deductAmount(talktime.ledger, partnerId, PARTNER, {
        source: 'amount',
        customer_id: this.#customer,
        amount: match[1]!,
        idempotency_key: match[2]!,
      });
    } else if ((match = said(/^top up (\S+)$/))) {
      await this.world.topUp(this.#customer, match[1]!);
    } else if ((match = said(/^bonus (\S+), gone after (\d+) days?$/))) {
      await topUp(talktime.ledger, partnerId, PARTNER, {
        customer_id: this.#customer,
        amount: match[1]!,
        kind: 'bonus',
        expires_at: new Date(Date.now() + Number(match[2]) * DAY).toISOString(),
        idempotency_key: this.world.key(),
      });
    } else if ((match = said(/^payment of (\S+) for (\S+?)(?:, bonus (\S+))?$/))) {
      this.#paid = cents(match[2]!);
      await talktime.ledger.submit(partnerId, {
        kind: 'payment',
        actor: PARTNER,
        payment: 'pi_1',
        wallet: { customerId: this.#customer },
        amount: credits(match[1]!),
        bonus: credits(match[3] ?? '0'),
        grant: 'paid',
        costBasis: this.#paid * 10_000n,
      });
    } else if ((match = said(/^(refunded|disputed|lost|won) (\S+) of it$/))) {
      const openDisputes = match[1] === 'disputed' ? 1 : 0;
      const totals = match[1] === 'won' ? MONEY : { ...MONEY, [match[1]!]: cents(match[2]!) };
      const paid = this.#paid;
      const command = { kind: 'take_back', actor: PARTNER, payment: 'pi_1', paid, openDisputes, ...totals } as const;
      await talktime.ledger.submit(partnerId, command);
    } else if ((match = said(/^(\d+) days? later$/))) {
      await this.world.test
        .superuser(`create or replace function talktime.clock() returns timestamptz language sql volatile
        as $$ select clock_timestamp() + interval '${match[1]} days' $$`);
    } else if ((match = said(/^reverse (\S+) of call (\w+)$/))) {
      const rows = await this.world.test.superuser<{ operation_id: string }>(
        `select o.operation_id from talktime.operations o join talktime.calls c using (partner_id, call_id)
         where o.partner_id = $1 and c.provider_call_id = $2 and o.kind = 'call'`,
        [partnerId, match[2]],
      );
      await reverse(talktime.ledger, partnerId, PARTNER, {
        operation_id: rows[0]!.operation_id,
        amount: match[1]!,
        idempotency_key: this.world.key(),
      });
    } else {
      throw new Error(`The README says something that this test does not understand: ${action}`);
    }
  }

  /** What there is now, in the words of the expected outcome. */
  async state(outcome: string): Promise<string> {
    const [row] = await this.world.test.superuser<{ held: string; flagged: string }>(
      `select w.held::text, (select coalesce(sum(flagged), 0) from talktime.transfers t where t.partner_id = w.partner_id and t.debit_account = w.wallet_id)::text as flagged
       from talktime.wallets w join talktime.customers c using (partner_id, wallet_id)
       where w.partner_id = $1 and c.customer_id = $2`,
      [this.world.partnerId, this.#customer],
    );
    const who = { customerId: this.#customer };
    const { items } = await listGrants(this.world.talktime.database, this.world.partnerId, who, { limit: 200 });
    const left = (kind: string) =>
      items.filter((grant) => grant.kind === kind).reduce((sum, grant) => sum + grant.remaining, 0);
    const { posted, disputed } = await getBalance(this.world.talktime.database, this.world.partnerId, who);
    const now: Record<string, number> = {
      posted,
      disputed,
      paid: left('paid'),
      bonus: left('bonus'),
      partner: await this.world.posted('partner'),
      held: Number(row!.held) / 1e6,
      flagged: Number(row!.flagged) / 1e6,
      cap: this.#cap,
    };
    return outcome
      .split(', ')
      .map((each) => `${each.split(' ')[0]} ${now[each.split(' ')[0]!]}`)
      .join(', ');
  }
}
