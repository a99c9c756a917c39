/** What the clients do: short stories of one to three requests, each with its key or identity. */
import {
  CREDIT,
  microOf,
  textOf,
  type Answer,
  type Ask,
  type Effect,
  type Entry,
  type EntryInput,
  type Micro,
  type Partner,
} from './book';
import { retellSignature } from './client';
import type { Random } from './random';

/** Every customer's price: 12 credits a minute by the second, so a second costs 0.2. */
export const CREDITS_PER_MINUTE = 12;
const SECOND = 200_000n;
/** A customer's setting: no call is authorised for longer, so that holds do not take all there is. */
export const LONGEST_CALL = 60;

export interface Stage {
  readonly partner: Partner;
  readonly random: Random;
  /** Asks until it is answered. Answers null when it was refused, or the load has been stopped. */
  readonly perform: (entry: EntryInput) => Promise<Entry | null>;
  /** Told apart from every other's. */
  readonly nextKey: () => string;
  /** What this client did and may reverse. */
  readonly reversible: string[];
  /** The last balance that anybody was told of a customer. */
  readonly balances: Map<string, number>;
}

type Story = (stage: Stage) => Promise<void>;

const STORIES: readonly (readonly [weight: number, story: Story])[] = [
  [5, topUp],
  [5, deductAmount],
  [2, adjust],
  [2, reverse],
  [6, callByWebhook],
  [2, callByTwoPaths],
  [2, callReversed],
  [2, callBeyondCredits],
  [1, callInSuspense],
  [3, callAuthorized],
];
const TOTAL = STORIES.reduce((sum, [weight]) => sum + weight, 0);

export async function playOne(stage: Stage): Promise<void> {
  let chosen = stage.random.between(1, TOTAL);
  for (const [weight, story] of STORIES) {
    chosen -= weight;
    if (chosen <= 0) return story(stage);
  }
}

/** Balances go up and down around the levels that raise alerts: a customer that is far down is topped up first. */
async function topUp(stage: Stage): Promise<void> {
  const { partner, random } = stage;
  const customer = random.chance(0.3) ? partner.carried : poorest(stage);
  const amount = amountBetween(random, 20, 90);
  await amountRequest(stage, 'top_up', '/v1/top-ups', customer, amount, {
    amount: textOf(amount),
    kind: random.chance(0.3) ? 'bonus' : 'paid',
  });
}

async function deductAmount(stage: Stage): Promise<void> {
  const amount = amountBetween(stage.random, 0, 15);
  await amountRequest(stage, 'deduction', '/v1/deductions', stage.random.pick(stage.partner.customers), -amount, {
    source: 'amount',
    amount: textOf(amount),
  });
}

async function adjust(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const amount = amountBetween(random, 0, 8) * (random.chance(0.5) ? 1n : -1n);
  await amountRequest(stage, 'adjustment', '/v1/adjustments', random.pick(partner.customers), amount, {
    amount: textOf(amount),
  });
}

/** Whole, or a part: then it may be reversed further. */
async function reverse(stage: Stage): Promise<void> {
  const { random, reversible } = stage;
  if (reversible.length === 0) return adjust(stage);
  const operation_id = random.pick(reversible);
  const part = random.chance(0.5) ? { amount: textOf(amountBetween(random, 0, 3)) } : {};
  if (!('amount' in part)) reversible.splice(reversible.indexOf(operation_id), 1);
  await post(stage, 'reversal', '/v1/reversals', { operation_id, ...part }, { effects: told });
}

/** call_ended, delivered twice now and then; sometimes followed by a call_analyzed that knows better. */
async function callByWebhook(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const [id, customer] = [stage.nextKey(), random.pick(partner.customers)];
  const length = random.between(0, 90);
  await webhook(stage, id, customer, 'call_ended', length, 0n, 1);
  if (random.chance(0.7)) return;
  const better = random.chance(0.3) ? length : random.between(0, 90);
  const before = BigInt(length) * SECOND;
  await webhook(stage, id, customer, 'call_analyzed', better, before, better === length ? null : 2);
}

/** By n8n's plain fields, then by the provider's own webhook: charged once. */
async function callByTwoPaths(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const [id, customer, length] = [stage.nextKey(), random.pick(partner.customers), random.between(1, 90)];
  if (await callByFields(stage, id, customer, length)) {
    await webhook(stage, id, customer, 'call_ended', length, BigInt(length) * SECOND, null);
  }
}

/** A call that is charged and taken back, whole or in part; then the provider delivers it late. */
async function callReversed(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const [id, customer, length] = [stage.nextKey(), random.pick(partner.customers), random.between(1, 60)];
  const charged = await callByFields(stage, id, customer, length);
  if (!charged) return;
  const part = random.chance(0.5) ? { amount: textOf(SECOND * BigInt(random.between(1, length))) } : {};
  const operation_id = charged.answer!.body.operation_id;
  await post(stage, 'reversal', '/v1/reversals', { operation_id, ...part }, { effects: told });
  await webhook(stage, id, customer, 'call_ended', length, BigInt(length) * SECOND, null);
}

/** A call of the customer beyond whose credits the partner pays: one operation, two wallets. */
async function callBeyondCredits(stage: Stage): Promise<void> {
  await callByFields(stage, stage.nextKey(), stage.partner.carried, stage.random.between(1, 90));
}

/** A call of nobody, assigned to a customer, and sometimes then to the right one. */
async function callInSuspense(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const [id, length] = [stage.nextKey(), random.between(1, 60)];
  const [first, second] = random.shuffled(partner.customers) as [string, string];
  const body = { source: 'call', provider: 'retell', call_id: id, seconds: length, agent_id: 'agent_of_nobody' };
  const suspended = await post(stage, 'suspense', '/v1/deductions', body, { key: id, effects: nothing });
  if (!suspended) return;
  suspended.again = null; // assigning it makes the answer another
  const call = suspended.answer!.body.call_id;
  const assigned = await post(
    stage,
    'assign',
    `/v1/suspense/${call}/assign`,
    { customer_id: first },
    { key: id, effects: told },
  );
  if (!assigned || random.chance(0.5)) return;
  assigned.again = null;
  await post(
    stage,
    'reassign',
    `/v1/calls/${call}/reassign`,
    { customer_id: second },
    {
      key: id,
      effects: (answer) => [...told(answer), { customerId: first, amount: -microOf(answer.body.amount) }],
    },
  );
}

/** A call that is authorised; it ends within its cap and captures the hold, or never happens and is released. */
async function callAuthorized(stage: Stage): Promise<void> {
  const { random, partner } = stage;
  const [id, customer] = [stage.nextKey(), random.pick(partner.customers)];
  const named = { provider: 'retell', call_id: id };
  const call = { key: id, effects: nothing };
  const held = await post(stage, 'authorize', '/v1/calls/authorize', { ...named, customer_id: customer }, call);
  if (!held) return;
  held.again = null; // its end makes the answer another
  if (random.chance(0.3)) {
    await post(stage, 'release', '/v1/calls/release', named, call);
  } else {
    const length = Math.min(random.between(0, LONGEST_CALL), held.answer!.body.hold.cap_seconds);
    await webhook(stage, id, customer, 'call_ended', length, 0n, 1);
  }
}

async function amountRequest(
  stage: Stage,
  kind: EntryInput['kind'],
  path: string,
  customerId: string,
  amount: Micro,
  fields: object,
): Promise<void> {
  const body = { customer_id: customerId, ...fields };
  const done = await post(stage, kind, path, body, { effects: () => [{ customerId, amount }] });
  if (!done) return;
  stage.balances.set(customerId, done.answer!.body.balance_after);
  if (kind !== 'adjustment' || amount > 0n) stage.reversible.push(done.answer!.body.operation_id);
}

function callByFields(stage: Stage, id: string, customerId: string, length: number): Promise<Entry | null> {
  const body = { source: 'call', provider: 'retell', call_id: id, seconds: length, customer_id: customerId };
  return post(stage, 'call', '/v1/deductions', body, {
    key: id,
    effects: receipt(customerId),
    call: { id, revision: 1 },
  });
}

/** `before`: what had been charged for the call until then. */
async function webhook(
  stage: Stage,
  id: string,
  customerId: string,
  event: 'call_ended' | 'call_analyzed',
  length: number,
  before: Micro,
  revision: number | null,
): Promise<void> {
  const { partner } = stage;
  const body = JSON.stringify({
    event,
    call: {
      call_id: id,
      call_type: 'phone_call',
      agent_id: `agent_of_${customerId}`,
      call_status: 'ended',
      direction: 'inbound',
      start_timestamp: Date.now() - length * 1000,
      end_timestamp: Date.now(),
      duration_ms: length * 1000,
      disconnection_reason: 'user_hangup',
      call_cost: { combined_cost: length / 10 },
    },
  });
  const signature = { 'x-retell-signature': retellSignature(body, partner.hook.secret) };
  const passedOn = {
    source: 'provider_webhook',
    headers: signature,
    body_base64: Buffer.from(body).toString('base64'),
  };
  await stage.perform({
    partner,
    kind: 'webhook',
    key: `${event} of ${id}`,
    ask: { method: 'POST', path: partner.hook.path, headers: { ...JSON_BODY, ...signature }, body },
    again: apiRequest(partner, '/v1/deductions', passedOn),
    effects: () => (revision === null ? [] : [{ customerId, amount: before - BigInt(length) * SECOND }]),
    call: { id, revision },
  });
}

const JSON_BODY = { 'content-type': 'application/json' };

function apiRequest(partner: Partner, path: string, body: object): Ask {
  return { method: 'POST', path, headers: { ...partner.headers, ...JSON_BODY }, body: JSON.stringify(body) };
}

/** A request of the API. Those with an idempotency key carry it as their note too, so that a lost note shows. */
function post(
  stage: Stage,
  kind: EntryInput['kind'],
  path: string,
  body: object,
  entry: Pick<EntryInput, 'effects' | 'call'> & { readonly key?: string },
): Promise<Entry | null> {
  const key = entry.key ?? stage.nextKey();
  const content = entry.key === undefined ? { ...body, note: key, idempotency_key: key } : body;
  return stage.perform({ ...entry, partner: stage.partner, kind, key, ask: apiRequest(stage.partner, path, content) });
}

const nothing = (): Effect[] => [];

/** The effect as the answer tells it: what a reversal gives, or an assigned call costs. */
function told({ body }: Answer): Effect[] {
  return [{ customerId: body.customer_id, amount: microOf(body.amount) }];
}

/** What a call took from its customer and from the partner. */
function receipt(customerId: string) {
  return ({ body }: Answer): Effect[] => [
    { customerId, amount: -microOf(body.receipt.paid_by_customer) },
    { customerId: null, amount: -microOf(body.receipt.paid_by_partner) },
  ];
}

function poorest({ partner, balances, random }: Stage): string {
  const known = partner.customers.filter((customer) => (balances.get(customer) ?? 0) < 30);
  return random.pick(known.length > 0 ? known : partner.customers);
}

/** Above zero, to the microcredit. */
function amountBetween(random: Random, least: number, most: number): Micro {
  return BigInt(random.between(least, most - 1)) * CREDIT + BigInt(random.between(1, 1_000_000));
}
