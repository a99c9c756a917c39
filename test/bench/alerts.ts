import { createHmac } from 'node:crypto';
import { createServer, request, Agent, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSlackAlertChannel, createSlackApp, singleWorkspace, SLACK_PATH } from '@talktime/bot';
import { Sealer } from '@talktime/core/access';
import { alertQueue, startDispatcher } from '@talktime/core/alerts';
import { customerCreate, partnerCreate } from '@talktime/core/contract';
import { createCustomer, createPartner, updatePartner } from '@talktime/core/customers';
import { Database } from '@talktime/core/database';
import { topUp, type Ledger } from '@talktime/core/ledger';
import { createLogger } from '../../server/logging';
import { botData } from '../../server/slack';
import { percentile } from './measure';
import { callEnded, HOST, type Wallet } from './sites';

const DEDUCTIONS_PER_SECOND = 100;
/** Below the digest's threshold for each partner, and below a post a second a channel. */
const CROSSINGS_PER_SECOND = 5;
const COMMANDS_PER_SECOND = 10;
const SIGNING_SECRET = 'bench';
const TEAM = 'T0BENCH';
const PATIENCE = 30_000;
/** Milliseconds at the start that are not counted: connections are made, and statements planned. */
const WARM_UP = 5_000;

export interface AlertFigures {
  readonly alert_p50_ms: number;
  readonly alert_p99_ms: number;
  readonly slash_ack_p50_ms: number;
  readonly slash_ack_p99_ms: number;
  readonly crossings: number;
  readonly commands: number;
}

/**
 * With 100 deductions a second running: from the answer to a deduction that crosses a level to the arrival of its alert at
 * a Slack on loopback; and how long the bot takes to acknowledge slash commands, signed and sent meanwhile.
 */
export async function measureAlerts(
  database: Database,
  ledger: Ledger,
  url: string,
  wallets: readonly Wallet[],
  seconds: number,
): Promise<AlertFigures> {
  const logger = createLogger('error', { write: (line) => void process.stderr.write(line) });
  const slack = await SlackSink.start();
  await forgetEarlier(database, wallets);
  const crossers = await createCrossers(database, ledger, Math.ceil((seconds + WARM_UP / 1000) * CROSSINGS_PER_SECOND));
  const channel = createSlackAlertChannel({
    installations: singleWorkspace('xoxb-bench'),
    apiUrl: slack.apiUrl,
    logger,
  });
  // As the service has it: connections of its own.
  const own = new Database({ url, connections: 4 });
  const dispatcher = startDispatcher({
    database: own,
    url,
    queue: alertQueue(own, channel),
    onError: (error) => void process.stderr.write(`${error.message}\n`),
  });
  const bot = createSlackApp({
    signingSecret: SIGNING_SECRET,
    installations: singleWorkspace('xoxb-bench'),
    data: botData({ database, ledger, sealer: new Sealer(Buffer.alloc(32, 1)) }),
    logger,
    apiUrl: slack.apiUrl,
  });
  const server = createServer(bot.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const committed = new Map<string, number>();
  const acknowledged: number[] = [];
  const work: Promise<unknown>[] = [];
  const begin = performance.now();
  const every = async (perSecond: number, what: (turn: number) => Promise<unknown>) => {
    for (let turn = 0; turn < (seconds + WARM_UP / 1000) * perSecond; turn++) {
      const left = begin + (turn * 1000) / perSecond - performance.now();
      if (left > 0) await new Promise((done) => setTimeout(done, left));
      work.push(what(turn));
    }
  };
  try {
    await Promise.all([
      every(DEDUCTIONS_PER_SECOND, (turn) => {
        const { partnerId, customerId } = wallets[(turn * 7919) % wallets.length]!;
        return ledger.submit(partnerId, callEnded(customerId));
      }),
      every(CROSSINGS_PER_SECOND, async (turn) => {
        const { partnerId, customerId } = crossers[turn]!;
        await ledger.submit(partnerId, callEnded(customerId));
        committed.set(customerId, performance.now());
      }),
      every(COMMANDS_PER_SECOND, async () => {
        const sentAt = performance.now();
        const took = await sendCommand(server, slack.responseUrl);
        if (sentAt > begin + WARM_UP) acknowledged.push(took);
      }),
    ]);
    await Promise.all(work);
    for (const end = Date.now() + PATIENCE; slack.arrived.size < committed.size && Date.now() < end; )
      await new Promise((done) => setTimeout(done, 20));
    const lost = [...committed.keys()].filter((id) => !slack.arrived.has(id));
    if (lost.length > 0) throw new Error(`${lost.length} of ${committed.size} alerts did not arrive`);
    const counted = [...committed].filter(([, at]) => at > begin + WARM_UP);
    const took = counted.map(([id, at]) => Math.max(0, slack.arrived.get(id)! - at)).sort((a, b) => a - b);
    acknowledged.sort((a, b) => a - b);
    return {
      alert_p50_ms: Math.round(percentile(took, 0.5)),
      alert_p99_ms: Math.round(percentile(took, 0.99)),
      slash_ack_p50_ms: Math.round(percentile(acknowledged, 0.5)),
      slash_ack_p99_ms: Math.round(percentile(acknowledged, 0.99)),
      crossings: took.length,
      commands: acknowledged.length,
    };
  } finally {
    await Promise.allSettled(work);
    await dispatcher.stop();
    await own.close();
    await bot.stop();
    server.closeAllConnections();
    server.close();
    slack.stop();
  }
}

/** Filling the wallets crossed their levels, too: of that nobody is told here. */
async function forgetEarlier(database: Database, wallets: readonly Wallet[]): Promise<void> {
  for (const partnerId of new Set(wallets.map((wallet) => wallet.partnerId)))
    await database.asPartner(partnerId, (transaction) =>
      transaction.query('update talktime.outbox set routed_at = clock_timestamp() where partner_id = $1', [partnerId]),
    );
}

/** Customers who cross with their next call, of so many partners that no channel is asked for more than it takes. */
async function createCrossers(database: Database, ledger: Ledger, count: number): Promise<Wallet[]> {
  const partners = await Promise.all(
    Array.from({ length: Math.max(20, Math.ceil(count / 4)) }, async (_, index) => {
      const { id } = await createPartner(database, HOST, partnerCreate.parse({ name: `Alerted ${index}` }));
      await updatePartner(database, id, HOST, { slack_channel: `C0BENCH${index}` });
      return id;
    }),
  );
  // The commands' workspace is the first one's.
  await updatePartner(database, partners[0]!, HOST, { slack_team_id: TEAM });
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Wallet> => {
      const [partnerId, customerId] = [partners[index % partners.length]!, `crosser-${index}`];
      const settings = {
        ai_credits_enabled: true,
        price_per_minute: { credits: '12' },
        low_credit_threshold: '100',
        low_credit_notifications_enabled: true,
      };
      const input = customerCreate.parse({ id: customerId, name: `The customer ${customerId}`, settings });
      await createCustomer(database, partnerId, HOST, input);
      const idempotency_key = `first ${customerId}`;
      await topUp(ledger, partnerId, HOST, { customer_id: customerId, amount: '110', kind: 'paid', idempotency_key });
      return { partnerId, customerId };
    }),
  );
}

/** Takes what is posted, and notes when a customer's first message arrived. */
class SlackSink {
  readonly arrived = new Map<string, number>();
  #posted = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SlackSink> {
    const server = createServer();
    const sink = new SlackSink(server);
    server.on('request', (incoming, response) => {
      const at = performance.now();
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => {
        const metadata = new URLSearchParams(body).get('metadata');
        const id =
          metadata && (JSON.parse(metadata) as { event_payload: { customer_id?: string } }).event_payload.customer_id;
        if (id && !sink.arrived.has(id)) sink.arrived.set(id, at);
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ ok: true, channel: 'C0BENCH', ts: `1700000000.${String(++sink.#posted).padStart(6, '0')}` }),
        );
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return sink;
  }

  get apiUrl(): string {
    return `${this.#origin}/api/`;
  }

  get responseUrl(): string {
    return `${this.#origin}/response`;
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 50 });

/** A slash command as Slack signs it. Answers after how many milliseconds it was acknowledged. */
function sendCommand(server: Server, responseUrl: string): Promise<number> {
  const body = new URLSearchParams({
    command: '/credits',
    text: 'balance',
    team_id: TEAM,
    user_id: 'U0BENCH',
    channel_id: 'C0BENCH',
    trigger_id: '1.2.3',
    response_url: responseUrl,
  }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex');
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port: (server.address() as AddressInfo).port,
        path: SLACK_PATH,
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - begin);
          else reject(new Error(`The bot answered a command with ${response.statusCode}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
