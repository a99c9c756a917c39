import { CARDS, Desk } from './desk';

let desk: Desk;
beforeAll(async () => void (desk = await Desk.open()));
afterEach(async () => {
  desk.till.stripe.clearFaults();
  await desk.stopReplicas();
  await desk.later('0');
  expect(await desk.till.findings()).toEqual([]);
});
afterAll(() => desk.close());

/** Brings the balance to 50 and looks. */
async function drain(id: string): Promise<string> {
  await desk.spend(id, (await desk.posted(id)) - 50);
  return desk.looked(id);
}

/** Attempts until now were made so long ago. */
async function ago(id: string, interval: string): Promise<void> {
  await desk.sql(
    `update talktime.payments set created_at = created_at - $3::interval where partner_id = $1 and customer_id = $2 and kind = 'recharge'`,
    [desk.partnerId, id, interval],
  );
}

describe('limits of attempts', () => {
  it('two in ten minutes; the third comes when the first of them is ten minutes old', async () => {
    const id = await desk.customer(500);
    expect(await drain(id)).toBe('paid');
    await ago(id, '4 minutes');
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('too_soon');
    const { until } = (await desk.get(id)).waits;
    expect(new Date(until).getTime() - Date.now()).toBeGreaterThan(5 * 60_000);
    expect(new Date(until).getTime() - Date.now()).toBeLessThan(6 * 60_000 + 1000);
    await desk.later('7 minutes');
    expect(await desk.looked(id)).toBe('paid');
  });

  it('what waits for its time comes by itself then, without another deduction', async () => {
    const id = await desk.customer(500);
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('paid');
    await ago(id, '597 seconds');
    await desk.startReplicas(1);
    await desk.spend(id, 950);
    await desk.quietly(1000);
    expect(await desk.posted(id)).toBe(50);
    await desk.until(async () => (await desk.posted(id)) === 1000, 6000);
  });

  it('an attempt that throws counts like any other', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    const stop = desk.till.stripe.fail('*', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    stop();
    await desk.payments();
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('too_soon');
  });
});

describe('the limits of a month', () => {
  it('as many top-ups as are allowed, then none, told once', async () => {
    const id = await desk.customer(500, { monthly_count: 2 });
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('paid');
    await desk.later('15 minutes');
    expect(await drain(id)).toBe('monthly_count');
    expect(await desk.looked(id)).toBe('monthly_count');
    expect(await desk.told(id)).toEqual([
      'As many top-ups as are allowed were made this month. Allow more, or top up by hand.',
    ]);
    expect(await desk.get(id)).toMatchObject({ this_month: { count: 2, money: 19 }, monthly_count: 2 });
  });

  it('as much money as is allowed: one that would go beyond does not come, not even a smaller one', async () => {
    const id = await desk.customer(500, { monthly_money: '12' });
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('monthly_money');
    expect(await desk.posted(id)).toBe(50);
    expect(await desk.told(id)).toHaveLength(1);
    expect(await desk.get(id)).toMatchObject({ this_month: { money: 9.5 }, monthly_money: 12 });
  });

  it('ends with the month, in UTC', async () => {
    const id = await desk.customer(500, { monthly_count: 1 });
    expect(await drain(id)).toBe('paid');
    expect(await drain(id)).toBe('monthly_count');
    const now = new Date();
    expect((await desk.get(id)).waits.until).toBe(
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString(),
    );
    await desk.later('32 days');
    expect(await desk.looked(id)).toBe('paid');
  });

  it('a changed limit counts at once, in both directions, with what was charged already', async () => {
    const id = await desk.customer(500, { monthly_count: 1 });
    await desk.startReplicas(1);
    await desk.spend(id, 450);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.spend(id, 950);
    await desk.until(async () => (await desk.told(id)).length === 1);
    await desk.set(id, { enabled: true, monthly_count: 2 });
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.stopReplicas();
    await desk.later('15 minutes');
    await desk.set(id, { enabled: true, monthly_count: 1 });
    expect(await drain(id)).toBe('monthly_count');
  });

  it('top-ups that failed, and those by hand, do not count', async () => {
    const id = await desk.customer(500, { monthly_count: 1 }, CARDS.declined);
    expect(await drain(id)).toBe('failed');
    await desk.topUp(id, 950);
    await desk.saveCard(id, CARDS.works);
    expect(await drain(id)).toBe('paid');
    expect(await desk.get(id)).toMatchObject({ this_month: { count: 1 } });
  });

  it('what was refunded since stays charged: the limit is of what the card was charged', async () => {
    const id = await desk.customer(500, { monthly_money: '12' });
    expect(await drain(id)).toBe('paid');
    const [attempt] = await desk.attempts(id);
    desk.till.stripe.refund(attempt.payment_intent);
    await desk.till.heard();
    expect(await desk.posted(id)).toBe(50);
    expect(await desk.looked(id)).toBe('monthly_money');
  });
});

describe('a payment that is disputed', () => {
  it('lets nothing be charged by itself until that is over, and goes on when it was won', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('paid');
    const [intent] = desk.intents(await desk.attempts(id));
    const dispute = desk.till.stripe.dispute(intent!.id);
    await desk.till.heard();
    await desk.call(id, 80);
    await desk.later('1 hour');
    expect(await desk.looked(id)).toBe('disputed');
    expect(await desk.told(id)).toEqual([expect.stringContaining('A payment is disputed')]);
    expect(await desk.get(id)).toMatchObject({ waits: { code: 'disputed' } });
    expect(await desk.attempts(id)).toHaveLength(1);

    await desk.startReplicas(1);
    desk.till.stripe.setDispute(dispute.id, 'won');
    await desk.until(async () => (await desk.posted(id)) === 1000);
  });

  it('and lost: the card that it was paid by is not charged again, another one is', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('paid');
    const [intent] = desk.intents(await desk.attempts(id));
    const dispute = desk.till.stripe.dispute(intent!.id);
    await desk.till.heard();
    desk.till.stripe.setDispute(dispute.id, 'lost');
    await desk.till.heard();
    expect(await desk.posted(id)).toBe(50);
    await desk.later('1 hour');
    expect(await desk.looked(id)).toBe('suspended');
    expect(await desk.get(id)).toMatchObject({
      state: 'suspended',
      failed_because: 'A payment was lost to a dispute.',
    });
    await desk.saveCard(id, CARDS.other);
    expect(await desk.looked(id)).toBe('paid');
  });
});
