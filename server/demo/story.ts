import type {
  Customer,
  Operation,
  Partner,
  Plan,
  Receipt,
  Statement,
  StatementLine,
  Threshold,
} from '@talktime/core/contract';
import type { Checks } from './checks';
import { callEnded, Client, deliver, type DemoCall } from './client';
import { payByCard } from './payments';
import type { Person } from './slack';
import type { FakeStripe } from './stripe';
import { ALERTS, MIA, TEAM, WITH_ACME, type DemoWorkspace, type ShownAlert } from './workspace';
import { bold, credits, cyan, dim, heading, indented, say, table } from './screen';

const SECRET = 'key_demo_with_the_webhook_badge';
export const ACME = 'cus_acme';
const HARBOR = 'cus_harbor';
const NOVA = 'cus_nova';
const NAMES: Record<string, string> = { [ACME]: 'Acme Dental', [HARBOR]: 'Harbor Legal', [NOVA]: 'Nova Fitness' };

/** What the demo works with. */
export interface Stage {
  readonly url: string;
  readonly hostKey: string;
  readonly workspace: DemoWorkspace;
  readonly stripe: FakeStripe;
  readonly checks: Checks;
}

/** Everything that the main job is, told by the running service. Answers the partner's client, to go on with. */
export async function tellStory(stage: Stage): Promise<{ client: Client }> {
  const { partner, client } = await openAgency(stage);
  const hook = await setUpCustomers(stage, partner, client);
  const firstCall = await callsEnd(stage, client, hook);
  await showStatement(client);
  await replay(stage, client, hook, firstCall);
  await recover(stage, client);
  await talkInSlack(stage, client);
  const host = new Client(stage.url, stage.hostKey, partner.id);
  await payByCard({ ...stage, host, client, customerId: ACME });
  return { client };
}

/** The host lets an agency in and sells it credits. */
async function openAgency({ url, hostKey, checks }: Stage): Promise<{ partner: Partner; client: Client }> {
  heading('1  An agency');
  const partner = await new Client(url, hostKey).post<Partner>('/v1/partners', {
    name: 'Brightline Voice',
    currency: 'USD',
  });
  const host = new Client(url, hostKey, partner.id);
  await host.post<Operation>('/v1/top-ups', {
    wallet: 'partner',
    amount: '10000',
    note: 'Opening order',
    idempotency_key: 'opening-order',
  });
  const { key } = await host.post<{ key: string }>('/v1/api-keys', {
    name: 'agency',
    scopes: ['read', 'deduct', 'top-up', 'manage'],
  });
  const client = new Client(url, key);
  const settled = await client.patch<Partner>('/v1/partner', {
    price_per_minute: { money: '0.08' },
    slack_team_id: TEAM,
    slack_channel: ALERTS,
  });
  await client.put(`/v1/slack/roles/${TEAM}/${MIA}`, { role: 'owner' });
  say(
    `  ${partner.name}: 1 credit is worth ${partner.credit_value} ${partner.currency}; a minute costs it ${credits(settled.settings.rate!.credits_per_minute)} credits.`,
  );
  checks.equal("the agency's wallet, filled by the host", settled.balance.posted, 10000);
  return { partner: settled, client };
}

/** The playbook's six steps for three customers. Answers where Retell's webhooks go. */
async function setUpCustomers({ url, checks }: Stage, partner: Partner, client: Client): Promise<string> {
  heading('2  Three customers, by the playbook');
  await client.post<Plan>('/v1/plans', {
    id: 'minutes-100',
    name: '100 minutes',
    minutes: '100',
    price: '60',
    popular: true,
  });
  const alerts = { low_credit_notifications_enabled: true };
  const customers = [
    {
      id: ACME,
      settings: {
        ai_credits_enabled: true,
        price_per_minute: { money: '0.12' },
        grace_seconds: 30,
        low_credit_threshold: '100',
        ...alerts,
        show_pricing_information: true,
        customer_portal_enabled: true,
        restrict_credit_plan_visibility: true,
        visible_credit_plan_ids: ['minutes-100'],
      },
      initial: '120',
    },
    {
      id: HARBOR,
      settings: {
        ai_credits_enabled: true,
        price_per_minute: { money: '0.15' },
        rounding: { initial_seconds: 60, increment_seconds: 60 },
        low_credit_threshold: '20',
        ...alerts,
      },
      initial: '25',
    },
    { id: NOVA, settings: {}, initial: null },
  ];
  for (const { id, settings, initial } of customers) {
    await client.post<Customer>('/v1/customers', {
      id,
      name: NAMES[id],
      settings,
      mappings: [{ kind: 'agent', value: agentOf(id) }],
    });
    if (initial)
      await client.post<Operation>('/v1/top-ups', {
        customer_id: id,
        amount: initial,
        note: 'Initial credits',
        idempotency_key: `initial-${id}`,
      });
  }
  const { items } = await client.get<{ items: Customer[] }>('/v1/customers');
  const yes = (on: boolean) => (on ? 'on' : 'off');
  const steps: [string, (customer: Customer) => string][] = [
    ['1 AI credits', ({ settings }) => yes(settings.ai_credits_enabled)],
    [
      '2 Price a minute',
      ({ settings: { rate } }) =>
        rate
          ? `${credits(rate.credits_per_minute)} credits, ${rate.rounding.initial_seconds}/${rate.rounding.increment_seconds}`
          : "the agency's",
    ],
    ['  Grace period', ({ settings }) => `${settings.grace_seconds} s`],
    [
      '3 Low threshold',
      ({ settings }) => (settings.low_credit_threshold === null ? 'none' : credits(settings.low_credit_threshold)),
    ],
    ['  Notifications', ({ settings }) => yes(settings.low_credit_notifications_enabled)],
    ['4 Initial credits', ({ balance }) => credits(balance.posted)],
    ['5 Pricing shown', ({ settings }) => yes(settings.show_pricing_information)],
    ['  Portal', ({ settings }) => yes(settings.customer_portal_enabled)],
    [
      '6 Plans',
      ({ settings }) =>
        settings.restrict_credit_plan_visibility ? settings.visible_credit_plan_ids.join(', ') : 'all',
    ],
  ];
  table(
    ['Step', ...items.map(({ name }) => name)],
    steps.map(([step, cell]) => [step, ...items.map(cell)]),
  );
  const acme = items.find(({ id }) => id === ACME)!;
  const [price, cost] = [acme.settings.rate!.credits_per_minute, partner.settings.rate!.credits_per_minute];
  say(
    `  ${dim(`Acme pays ${credits(price)} for what costs ${credits(cost)}: ${percent(price / cost - 1)} markup, ${percent(1 - cost / price)} margin.`)}`,
  );
  checks.equal(
    'customers with their initial credits',
    items.map(({ balance }) => balance.posted),
    [120, 25, 0],
  );
  await client.put(`/v1/slack/channels/${WITH_ACME}`, { customer_id: ACME });
  const { path } = await client.post<{ path: string }>('/v1/endpoints', { provider: 'retell', secrets: [SECRET] });
  return url + path;
}

/** Real, signed webhooks arrive. Answers the first, to be sent again later. */
async function callsEnd(stage: Stage, client: Client, hook: string): Promise<string> {
  heading('3  Calls end: Retell posts signed webhooks');
  const first = await callEnds(stage, client, hook, ACME, { callId: 'call_demo_1', seconds: 61 });
  stage.checks.equal('Acme paid 61 s at 12 a minute', [first.amount, first.balance], [-12.2, 107.8]);

  const nova = await callEnds(stage, client, hook, NOVA, { callId: 'call_demo_2', seconds: 45 });
  stage.checks.equal(
    'with AI credits off, the agency paid',
    [nova.amount, nova.balance, nova.receipt!.payer],
    [-6, 9994, 'partner'],
  );

  const low = await callEnds(stage, client, hook, ACME, { callId: 'call_demo_3', seconds: 90 });
  stage.checks.equal('Acme crossed its threshold of 100', [low.amount, low.balance], [-18, 89.8]);
  const warning = await stage.workspace.nextAlert();
  say(indented(warning.drawing));
  stage.checks.equal('one alert, a new message', [isAbout(warning, 'low on credits'), warning.edited], [true, false]);

  const out = await callEnds(stage, client, hook, HARBOR, { callId: 'call_demo_4', seconds: 125 });
  stage.checks.equal(
    'Harbor ran out; a call that has ended is never refused',
    [out.amount, out.balance, out.receipt!.flagged_debt],
    [-45, -20, 20],
  );
  const alarm = await stage.workspace.nextAlert();
  say(indented(alarm.drawing));
  stage.checks.equal('one alert, a new message', [isAbout(alarm, 'out of credits'), alarm.edited], [true, false]);
  outstanding.set(ACME, warning.ts).set(HARBOR, alarm.ts);
  return first.webhook;
}

/** The alert messages that stand in the channel, by customer. */
const outstanding = new Map<string, string>();

async function callEnds(
  { checks }: Stage,
  client: Client,
  hook: string,
  customer: string,
  call: Omit<DemoCall, 'agentId'>,
): Promise<StatementLine & { webhook: string }> {
  const webhook = callEnded({ ...call, agentId: agentOf(customer) });
  const status = await deliver(hook, webhook, SECRET);
  say();
  say(`  ${bold(NAMES[customer]!)}  ${cyan(call.callId)}  ${duration(call.seconds)}`);
  checks.equal('the webhook was taken', status, 204);
  const payer = (await client.get<Threshold>(`/v1/threshold?customer_id=${customer}`)).payer;
  const [line] = (
    await client.get<Statement>(
      `/v1/statement?${payer === 'partner' ? 'wallet=partner' : `customer_id=${customer}`}&limit=1`,
    )
  ).lines;
  checks.equal('the newest line of the statement is this call', line?.call?.call_id, call.callId);
  say(indented(receiptText(line!.receipt!, line!), 4));
  return { ...line!, webhook };
}

/** The arithmetic of a deduction, as one would write it down. */
function receiptText(receipt: Receipt, line: StatementLine): string {
  const { rounding, rate } = receipt;
  const rows = [
    ['raw', `${receipt.raw_seconds} s`],
    ['billed', `${receipt.billed_seconds} s`, `rounding ${rounding.initial_seconds}/${rounding.increment_seconds}`],
    [
      'price',
      `${credits(receipt.price)}`,
      `${receipt.billed_seconds} s × ${credits(rate.credits_per_minute)} / 60, rate version ${rate.version}`,
    ],
    [
      'payer',
      receipt.payer === 'customer' ? 'the customer' : 'the agency',
      ...(receipt.flagged_debt > 0 ? [`${credits(receipt.flagged_debt)} of it as debt`] : []),
    ],
    [
      'balance',
      credits(line.balance),
      `${credits(line.balance - line.amount)} ${line.amount < 0 ? '−' : '+'} ${credits(Math.abs(line.amount))}`,
    ],
  ];
  return rows
    .map(([label, value, how = '']) => `${dim(label!.padEnd(8))} ${value!.padEnd(13)} ${dim(how)}`.trimEnd())
    .join('\n');
}

async function showStatement(client: Client): Promise<void> {
  heading("4  Acme Dental's statement");
  const { lines } = await client.get<Statement>(`/v1/statement?customer_id=${ACME}`);
  table(
    ['Type', 'Amount', 'Balance', 'Note', 'Date'],
    lines.map((line) => [
      line.type,
      credits(line.amount, true),
      credits(line.balance),
      line.note || (line.call ? `call ${line.call.call_id}` : ''),
      line.date.slice(0, 16).replace('T', ' '),
    ]),
    [1, 2],
  );
}

/** Retell sends a webhook again when an answer was lost. */
async function replay({ workspace, checks }: Stage, client: Client, hook: string, webhook: string): Promise<void> {
  heading('5  The first webhook once more');
  const before = await ledgerOf(client);
  const status = await deliver(hook, webhook, SECRET);
  checks.equal('it is taken again, newly signed', status, 204);
  checks.equal("every wallet's history is as before", await ledgerOf(client), before);
  checks.equal('no alert was sent', workspace.waiting, 0);
}

async function ledgerOf(client: Client): Promise<Statement[]> {
  const wallets = ['wallet=partner', ...Object.keys(NAMES).map((id) => `customer_id=${id}`)];
  return Promise.all(wallets.map((wallet) => client.get<Statement>(`/v1/statement?${wallet}`)));
}

/** Credits come in, and the messages in the channel change. */
async function recover({ workspace, checks }: Stage, client: Client): Promise<void> {
  heading('6  Credits come in');
  const topUp = await client.post<Operation>('/v1/top-ups', {
    customer_id: HARBOR,
    amount: '500',
    note: 'Invoice 2026-118',
    idempotency_key: 'invoice-2026-118',
  });
  say(`  ${bold('Harbor Legal')} tops up 500: the debt of 20 is settled first.`);
  checks.equal('Harbor Legal has', topUp.balance_after, 480);
  const recovered = await workspace.nextAlert();
  say(indented(recovered.drawing));
  checks.equal(
    'the same message was updated',
    [isAbout(recovered, 'recovered'), recovered.ts],
    [true, outstanding.get(HARBOR)],
  );

  say();
  say(`  ${bold('Acme Dental')} buys the plan "100 minutes" for 60 USD: 100 × 12 credits.`);
  const plan = await client.post<Operation>('/v1/plans/minutes-100/apply', {
    customer_id: ACME,
    idempotency_key: 'order-1007',
  });
  checks.equal('Acme Dental has', plan.balance_after, 1289.8);
  const back = await workspace.nextAlert();
  checks.equal('its message was updated too', [isAbout(back, 'recovered'), back.ts], [true, outstanding.get(ACME)]);
  const again = await client.post<Operation>('/v1/plans/minutes-100/apply', {
    customer_id: ACME,
    idempotency_key: 'order-1007',
  });
  checks.equal('the same order again adds nothing', [again.replayed, again.balance_after], [true, 1289.8]);
}

/** Mia, an owner, works from Slack; Sam, who is Acme's, sees Acme and nothing else. */
async function talkInSlack({ workspace, checks }: Stage, client: Client): Promise<void> {
  heading('7  In Slack');
  const { mia, sam } = workspace;
  say(`  Mia types ${cyan('/credits topup harbor legal 250 a thank-you')}, confirms, and double-clicks.`);
  await mia.command('/credits topup harbor legal 250 a thank-you', { channel: ALERTS });
  await workspace.slack.until(() => shows(mia, 'Is that right'), 'the confirmation');
  await mia.submit({ twice: true });
  await workspace.slack.until(() => shows(mia, 'The balance is'), 'the result');
  await mia.close({ all: true });
  const { lines } = await client.get<Statement>('/v1/statement?customer_id=cus_harbor&limit=2');
  checks.equal('it was done once', [lines[0]!.amount, lines[0]!.balance, lines[1]!.amount], [250, 730, 500]);

  say();
  say(`  In the channel that the agency shares with Acme, Sam types ${cyan('/credits balance')}.`);
  await sam.command('/credits balance', { channel: WITH_ACME });
  const answer = await workspace.slack.until(
    () => workspace.slack.ephemerals.find(({ visibleTo }) => visibleTo === sam.id),
    'an answer',
  );
  say(indented(workspace.drawing(answer)));
  checks.equal('Sam sees his own balance, and nobody else’s', namesIn(answer), []);
  await mia.openHome();
}

/** The other customers whose name stands in a message. */
function namesIn(message: { readonly text: string; readonly blocks: readonly unknown[] }): string[] {
  const all = JSON.stringify([message.text, message.blocks]);
  return [NAMES[HARBOR]!, NAMES[NOVA]!, 'Brightline'].filter((name) => all.includes(name));
}

const shows = ({ modal }: Person, words: string) => JSON.stringify(modal?.content ?? {}).includes(words);

const isAbout = ({ text }: ShownAlert, words: string) => text.includes(words);

function agentOf(customerId: string): string {
  return `agent_${customerId.slice('cus_'.length)}`;
}

function duration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? `${rest} s` : `${minutes} min ${rest} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, '')} %`;
}
