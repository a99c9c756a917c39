import { rechargeIfDue } from '@talktime/core/payments';
import { Desk } from './desk';

let desk: Desk;
beforeAll(async () => void (desk = await Desk.open()));
afterEach(async () => {
  desk.till.stripe.clearFaults();
  await desk.stopReplicas();
  expect(await desk.till.findings()).toEqual([]);
});
afterAll(() => desk.close());

const CHARGE = 'POST /v1/payment_intents';

describe('at once', () => {
  it('twenty deductions and two processes make one charge', async () => {
    const id = await desk.customer(1000);
    const errors = await desk.startReplicas(2);
    await Promise.all(Array.from({ length: 20 }, () => desk.spend(id, 48)));
    await desk.until(async () => (await desk.posted(id)) > 900);
    await desk.quietly();
    const attempts = await desk.attempts(id);
    expect(attempts).toHaveLength(1);
    expect(desk.intents(attempts)).toHaveLength(1);
    expect(await desk.posted(id)).toBe(1000 - 20 * 48 + attempts[0].credits);
    expect(errors).toEqual([]);
  });

  it('five small deductions that cross the threshold together make at most one', async () => {
    const id = await desk.customer(120);
    await desk.startReplicas(2);
    await Promise.all(Array.from({ length: 5 }, () => desk.spend(id, 8)));
    await desk.until(async () => (await desk.posted(id)) > 900);
    await desk.quietly();
    expect(await desk.attempts(id)).toHaveLength(1);
  });

  it('whoever looks while another’s charge is under way leaves it alone', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    desk.till.stripe.script(CHARGE, { answerAfterMs: 400 });
    const wallet = await desk.walletOf(id);
    const contexts = [desk.context, desk.replica(), desk.replica(), desk.replica()];
    const done = await Promise.all(contexts.map((context) => rechargeIfDue(context, desk.partnerId, wallet)));
    expect(done.filter((one) => one.do === 'charge')).toHaveLength(1);
    expect(done.filter((one) => one.do === 'nothing' && one.why === 'under_way')).toHaveLength(3);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('deductions go on while the charge is under way, and both are in the balance', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    desk.till.stripe.script(CHARGE, { delayMs: 300 });
    await desk.spend(id, 420);
    const during = await Promise.all(Array.from({ length: 5 }, () => desk.spend(id, 10)));
    expect(during.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    await desk.until(async () => (await desk.attempts(id))[0]?.state === 'paid');
    const [attempt] = await desk.attempts(id);
    expect(await desk.posted(id)).toBe(80 - 50 + attempt.credits);
    expect(await desk.attempts(id)).toHaveLength(1);
  });

  it('a burst that goes on through the top-up and drains it again makes a second one, and no third', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(2);
    for (let spent = 0; spent < 1400; spent += 100) {
      await desk.spend(id, 100);
      await desk.quietly(60);
    }
    await desk.until(async () => (await desk.attempts(id)).every(({ state }) => state === 'paid'));
    await desk.quietly();
    const attempts = await desk.attempts(id);
    expect(attempts.length).toBeGreaterThanOrEqual(1);
    expect(attempts.length).toBeLessThanOrEqual(2);
    const added = attempts.reduce((sum, { credits }) => sum + credits, 0);
    expect(await desk.posted(id)).toBeLessThanOrEqual(500 + added);
    expect(desk.intents(attempts)).toHaveLength(attempts.length);
  });

  it('drained right after it came: the next one follows, and the limit stays: a third waits', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.spend(id, 450);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.spend(id, 950);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.spend(id, 950);
    await desk.quietly();
    expect(await desk.attempts(id)).toHaveLength(2);
    expect((await desk.get(id)).waits).toMatchObject({ code: 'too_soon' });
  });

  it('a deduction that is refused for want of credits makes no attempt of its own', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.spend(id, 450);
    const refused = await desk.spend(id, 5000);
    expect(refused.status).toBe(402);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.quietly();
    expect(await desk.attempts(id)).toHaveLength(1);
  });

  it('the database itself refuses a second attempt under way', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    desk.till.stripe.script(CHARGE, 'cut before', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    await expect(
      desk.sql(
        `insert into talktime.payments (partner_id, payment_id, kind, wallet_id, customer_id, account, currency, amount, credits, idempotency_key, content_hash, actor)
         select partner_id, 'pay_x', kind, wallet_id, customer_id, account, currency, amount, credits, 'x', content_hash, actor
         from talktime.payments where partner_id = $1 and customer_id = $2 and kind = 'recharge'`,
        [desk.partnerId, id],
      ),
    ).rejects.toThrow(/payments_one_recharge/);
    await desk.payments();
    expect(await desk.posted(id)).toBe(1000);
  });
});
