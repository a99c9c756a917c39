import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Till } from '../payments/till';

const ROOT = resolve(__dirname, '../..');

describe('talktime reconcile stripe, on the command line', () => {
  let till: Till;
  let folder: string;
  let id = '';
  let intent = '';
  beforeAll(async () => {
    till = await Till.open();
    folder = mkdtempSync(join(tmpdir(), 'talktime-reconcile-'));
    await till.customer('cus_acme');
    const opened = await till.checkout('cus_acme');
    till.stripe.webhooks.hold();
    till.stripe.pay(opened.session);
    await till.stripe.webhooks.release({ drop: () => true });
    id = opened.id;
    intent = till.intentOf(id);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await till.close();
  });

  /** Not waited for in the way of spawnSync: Stripe is in this process. */
  function run(words: string[], environment: Record<string, string> = {}) {
    return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
      execFile(
        process.execPath,
        [
          '--import',
          join(ROOT, 'node_modules/tsx/dist/loader.mjs'),
          join(ROOT, 'server/cli.ts'),
          'reconcile',
          'stripe',
          ...words,
        ],
        {
          cwd: folder,
          env: {
            PATH: process.env.PATH,
            DATABASE_URL: till.api.database.url,
            TALKTIME_SEAL_KEY: Buffer.alloc(32, 7).toString('base64'),
            STRIPE_SECRET_KEY: till.stripe.key,
            STRIPE_WEBHOOK_SECRET: 'whsec_of_the_test_till_0123456789',
            STRIPE_API_URL: till.stripe.origin,
            ...environment,
          },
        },
        (error, stdout, stderr) => done({ status: error ? (error.code as unknown as number) : 0, stdout, stderr }),
      );
    });
  }

  it('names what differs, says what to do, and ends with 1', async () => {
    const { status, stdout } = await run([]);
    expect(stdout.split('\n')).toEqual([
      'Compared 1 payment at Stripe with 1 payment here, of 1 partner.',
      `DIFFERS  partner ${till.api.partnerId}`,
      `    PAID_NOT_CREDITED  Paid, and not credited: ${id}, ${intent}`,
      '    60.00 USD were paid for 6000 credits, and they are not in the wallet.',
      `    Next: Credit it now: talktime reconcile stripe --payment ${id} --mend, or POST /v1/payments/${id}/sync.`,
      '1 difference left.',
      '',
    ]);
    expect(status).toBe(1);
  });

  it('answers "paid, but not credited?" for one payment, by either of its ids', async () => {
    const [byIntent, byId] = [await run(['--payment', intent]), await run(['--payment', id])];
    expect(byIntent).toEqual(byId);
    expect(byId.status).toBe(1);
    const text = byId.stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'WHEN');
    expect(text).toContain(
      `${id} of Brightline (${till.api.partnerId}): 60.00 USD for 6000 credits, to cus_acme. Begun WHEN; open.`,
    );
    expect(text).toMatch(/cs_test_\w+ {2}the checkout is complete\n {2}pi_\w+ {2}succeeded, 60\.00 USD received, ch_/);
    expect(text).toContain('Heard of it\n  nothing\nIn the ledger\n  nothing\nDIFFERS\n    PAID_NOT_CREDITED');
    expect(await till.posted('cus_acme')).toBe(0);
  });

  it('mends that one with --mend, and tells the whole of it, with what was refunded since', async () => {
    const mended = await run(['--payment', id, '--mend']);
    expect([mended.status, mended.stderr]).toEqual([0, '']);
    expect(mended.stdout).toContain('Mended\n    PAID_NOT_CREDITED');
    expect(await till.posted('cus_acme')).toBe(6000);
    const refund = till.stripe.refund(intent, { amount: 1500 });
    await till.heard();
    const { status, stdout } = await run(['--payment', intent, '--partner', till.api.partnerId]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`${refund.id} {2}15\\.00 USD refunded .*: succeeded`));
    expect(stdout).toMatch(/refund\.created {2}done: paid {2}evt_/);
    expect(stdout).toMatch(/payment {2}\+6000 credits/);
    expect(stdout).toMatch(/refund {2}-1500 credits/);
    expect(stdout).toContain('Stripe and the ledger agree on it.');
  });

  it('ends with 0 when nothing differs, also as JSON', async () => {
    const { status, stdout } = await run(['--since', '2026-01-01', '--json', '--mend']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      agrees: true,
      since: '2026-01-01T00:00:00.000Z',
      partners: [{ partner_id: till.api.partnerId, differences: [], mended: [] }],
      host: [],
    });
    const story = await run(['--payment', id, '--json']);
    expect(JSON.parse(story.stdout)).toMatchObject({ payment: { payment_id: id, amount: 6000 }, differences: [] });
  });

  it('ends with 1 for a payment that nobody knows, and with 2 when it could not be compared', async () => {
    expect(await run(['--payment', 'pi_ofNobody'])).toMatchObject({
      status: 1,
      stdout: 'Nobody here knows pi_ofNobody, and neither does Stripe.\n',
    });
    const wrongKey = await run([], { STRIPE_SECRET_KEY: 'sk_test_0000000000000000' });
    expect(wrongKey.status).toBe(2);
    expect(wrongKey.stdout).toMatch(/^It could not be compared\. STRIPE_REFUSED: /);
    const noKey = await run([], { STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '', STRIPE_API_URL: '' });
    expect([noKey.status, noKey.stderr]).toEqual([2, expect.stringContaining('STRIPE_SECRET_KEY')]);
    expect((await run(['--payment', 'ch_1'])).status).toBe(2);
    expect((await run(['--since', 'yesterday'])).status).toBe(2);
  }, 60_000);
});
