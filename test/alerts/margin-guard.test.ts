import { alertQueue, startDispatcher, watchMargins, type AlertNotice } from '@talktime/core/alerts';
import { partnerUpdate } from '@talktime/core/contract';
import { updatePartner } from '@talktime/core/customers';
import { alertMessage } from '../../bot/messages';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { noticeOf } from './alerting';

describe('the margin guard', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await World.create(test);
    await world.customer('acme', '1000');
    await guard({ margin: 0.25, days: 7 });
  });

  const guard = (margin_guard: { margin: number; days?: number } | null) =>
    updatePartner(
      test.database,
      world.partnerId,
      PARTNER,
      partnerUpdate.parse({ margin_guard, slack_channel: 'C012345' }),
    );
  /** A minute: 12 credits, 0.12 USD. */
  const call = (id: string, usd: string | null, more: { customerId?: string; startedAt?: number } = {}) =>
    world.call({
      id,
      seconds: 60,
      customerId: more.customerId ?? 'acme',
      startedAt: more.startedAt,
      cost: usd === null ? null : { amount: BigInt(Math.round(Number(usd) * 1e6)), currency: 'USD' },
    });
  const watch = () => watchMargins(test.database, world.partnerId);
  const events = async () =>
    (
      await test.superuser<{ event: string }>(
        `select event from talktime.outbox where partner_id = $1 and event like 'margin%' order by created_at`,
        [world.partnerId],
      )
    ).map(({ event }) => event);

  it('tells once when a margin falls below its level, and once when it has clearly recovered', async () => {
    await call('c1', '0.08'); // 33.3 %
    expect(await watch()).toBe(0);
    await call('c2', '0.11'); // 0.24 sold, 0.19 spent: 20.8 %
    expect(await watch()).toBe(1);
    expect(await watch()).toBe(0);
    await call('c3', '0.078'); // 25.6 %: above the level, and not by a tenth of it
    expect(await watch()).toBe(0);
    await call('c4', '0.06'); // 31.7 %
    expect(await watch()).toBe(1);
    await call('c5', '0.20');
    expect(await watch()).toBe(1);
    expect(await events()).toEqual(['margin_low', 'margin_recovered', 'margin_low']);
  });

  it('counts neither calls whose cost nobody knows, nor old ones, nor customers who pay nothing', async () => {
    await world.customer('off', '0', { ai_credits_enabled: false });
    await updatePartner(test.database, world.partnerId, PARTNER, { price_per_minute: { credits: '1' } });
    await call('c1', null);
    await call('c2', '0.50', { startedAt: Date.now() - 8 * 86_400_000 });
    await call('c3', '0.50', { customerId: 'off' });
    expect(await watch()).toBe(0);
    await guard({ margin: 0.25, days: 30 });
    expect(await watch()).toBe(1);
  });

  it('is off unless it is set', async () => {
    await guard(null);
    await call('c1', '0.50');
    expect(await watch()).toBe(0);
  });

  it('reaches the partner’s channel with the figures of now, and one message an episode', async () => {
    await call('c1', '0.11');
    expect(await Promise.all([watch(), watch()])).toEqual(expect.arrayContaining([0, 1])); // two replicas
    const notices: AlertNotice[] = [];
    const dispatcher = startDispatcher({
      database: test.database,
      url: test.url,
      queue: alertQueue(test.database, {
        deliver: async (delivery) => {
          const { previous } = delivery;
          if (delivery.partnerId === world.partnerId) notices.push(noticeOf(delivery));
          return { kind: 'delivered', message: previous ?? { channel: 'C1', ts: `${notices.length}` } };
        },
      }),
      onError: (error) => {
        throw error;
      },
    });
    while (notices.length < 1) await new Promise((done) => setTimeout(done, 20));
    await dispatcher.stop();
    expect(notices).toMatchObject([
      { event: 'margin_low', customerId: 'acme', margin: { days: 7, level: 250_000, price: 120_000n, cost: 110_000n } },
    ]);
    const message = alertMessage(notices[0]!);
    expect(message.text).toBe('📉 acme: margin 8.3 %, below 25.0 %');
    expect(JSON.stringify(message.blocks)).toContain('9.1 %'); // the markup, by its name
  });
});
