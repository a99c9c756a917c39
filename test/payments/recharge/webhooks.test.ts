import { workOnEvent } from '@talktime/core/payments';
import type Stripe from 'stripe';
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

const CHARGE = 'POST /v1/payment_intents';

async function low(card: string = CARDS.works): Promise<string> {
  const id = await desk.customer(500, {}, card);
  await desk.spend(id, 450);
  return id;
}

/** The events about the charges of these attempts. */
function eventsOf(attempts: readonly any[]): Stripe.Event[] {
  const intents = new Set(desk.intents(attempts).map(({ id }) => id));
  return desk.till.stripe
    .events()
    .filter(({ data }) => intents.has((data.object as { id: string }).id) && data.object.object === 'payment_intent');
}

const hear = (event: Stripe.Event) =>
  workOnEvent(desk.context, {
    account: 'host',
    eventId: event.id,
    type: event.type,
    objectId: (event.data.object as { id: string }).id,
  });

describe('whatever Stripe tells, and when', () => {
  it('success told before our request is answered: credited once, by whoever is first', async () => {
    const id = await low();
    const stop = desk.till.stripe.beforeAnswer(async ({ method, path }) => {
      if (method !== 'POST' || path !== '/v1/payment_intents') return;
      await desk.till.heard(); // the webhook is worked on while the request still waits
      expect(await desk.posted(id)).toBe(1000);
    });
    expect(await desk.looked(id)).toBe('paid');
    stop();
    expect(await desk.posted(id)).toBe(1000);
    expect(await desk.get(id)).toMatchObject({ failures: 0, this_month: { count: 1 } });
  });

  it('success told when we never got an answer: credited, and the next top-up may come', async () => {
    const id = await low();
    desk.till.stripe.script(CHARGE, 'server error after');
    const stop = desk.till.stripe.fail('GET /v1/payment_intents', 'cut before');
    await desk.look(id).catch(() => undefined);
    stop();
    await desk.till.heard();
    expect(await desk.posted(id)).toBe(1000);
    expect(await desk.looked(id)).toBe('above_threshold');
  });

  it('told again and again, in any order, with failures of before in between: nothing more happens', async () => {
    const id = await low(CARDS.declined);
    expect(await desk.looked(id)).toBe('failed');
    await desk.saveCard(id, CARDS.works);
    expect(await desk.looked(id)).toBe('paid');
    await desk.till.heard();
    const before = await desk.till.statement(id);
    const events = eventsOf(await desk.attempts(id));
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['payment_intent.payment_failed', 'payment_intent.succeeded']),
    );
    for (const event of [...events].reverse()) await hear(event);
    await Promise.all([...events, ...events].map(hear));
    expect(await desk.till.statement(id)).toEqual(before);
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0, this_month: { count: 1 } });
    expect(await desk.told(id)).toHaveLength(1);
  });

  it('a failure is told once, and with its reason', async () => {
    const id = await low(CARDS.declined);
    expect(await desk.looked(id)).toBe('failed');
    await desk.till.heard();
    for (const event of eventsOf(await desk.attempts(id))) await hear(event);
    expect(await desk.told(id)).toHaveLength(1);
    expect(await desk.get(id)).toMatchObject({ failures: 1 });
  });

  it('nothing is told while the balance stays above the threshold, nor where it is off', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.spend(id, 100);
    await desk.quietly();
    expect(await desk.told(id)).toEqual([]);
    await desk.set(id, { enabled: false });
    await desk.spend(id, 350);
    await desk.quietly();
    expect(await desk.told(id)).toEqual([]);
  });

  it('another account’s event about our charge is not believed', async () => {
    const id = await low();
    desk.till.stripe.script(CHARGE, 'server error after');
    const stop = desk.till.stripe.fail('GET /v1/payment_intents', 'cut before');
    await desk.look(id).catch(() => undefined);
    stop();
    const [intent] = desk.intents(await desk.attempts(id));
    await expect(
      workOnEvent(desk.context, {
        account: desk.till.stripe.addAccount(),
        eventId: 'evt_of_another',
        type: 'payment_intent.succeeded',
        objectId: intent!.id,
      }),
    ).rejects.toBeDefined();
    await desk.till.heard();
    expect(await desk.posted(id)).toBe(1000);
  });
});

describe('what is owed', () => {
  it('is settled first by the credits that come: debt, then the balance', async () => {
    const id = await desk.customer(500);
    await desk.call(id, 75); // 900 credits: 400 below zero
    expect(await desk.posted(id)).toBe(-400);
    expect(await desk.looked(id)).toBe('paid');
    expect((await desk.attempts(id))[0]).toMatchObject({ credits: 1400, amount: 14 });
    expect(await desk.posted(id)).toBe(1000);
  });

  it('more than a top-up by an amount brings: the balance stays below zero, and the whole amount is charged', async () => {
    const id = await desk.customer(500, { target: undefined, amount: '600' });
    await desk.call(id, 100); // 1,200 credits: 700 below zero
    expect(await desk.looked(id)).toBe('paid');
    expect(await desk.posted(id)).toBe(-100);
    expect((await desk.attempts(id))[0]).toMatchObject({ credits: 600, amount: 6 });
  });

  it('nothing is owed: the whole top-up is a grant of its own beside what is there', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('paid');
    const { body } = await desk.till.api.get(`/v1/grants?customer_id=${id}`);
    expect(
      body.items.map(({ remaining }: { remaining: number }) => remaining).sort((a: number, b: number) => a - b),
    ).toEqual([50, 950]);
  });
});
