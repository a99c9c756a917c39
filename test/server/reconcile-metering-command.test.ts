import { reportMetering } from '@talktime/core/payments';
import { runReconcileMetering } from '../../server/commands/metering';
import { Till } from '../payments/till';

describe('talktime reconcile metering', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
    await till.api.call('POST', '/v1/metering/set-up');
    await till.customer('cus_acme', { overdraft: '100' });
    await till.api.call('PUT', '/v1/customers/cus_acme/billing', { body: { billing: 'metered' } });
  });
  afterAll(() => till.close());

  async function run(json = false) {
    const printed: string[] = [];
    const { database, stripe } = till.api.payments!;
    const code = await runReconcileMetering(
      { database, stripe },
      { partnerId: till.api.partnerId, json },
      (line) => void printed.push(line),
    );
    return { code, text: printed.join('\n') };
  }

  it('says when nothing was metered, what waits, and ends with 1 when something differs', async () => {
    expect(await run()).toMatchObject({ code: 0, text: expect.stringContaining('Nothing was metered') });
    await till.api.call('POST', '/v1/deductions', {
      body: { source: 'amount', customer_id: 'cus_acme', amount: '2.5', idempotency_key: till.key() },
    });
    const waits = await run();
    expect(waits).toMatchObject({ code: 0, text: expect.stringContaining('used 2.5, not told yet 2.5, at Stripe 0') });
    await till.api.database.superuser('update talktime.metered_stretches set sent_sequence = 1'); // told, and lost
    const differs = await run();
    expect(differs.code).toBe(1);
    expect(differs.text).toMatch(/^DIFFERENT .* cus_acme .*: -2.5$/m);
    const { database, stripe } = till.api.payments!;
    const report = await reportMetering({ database, stripe }, till.api.partnerId, {});
    expect(JSON.parse((await run(true)).text)).toEqual(report);
  });
});
