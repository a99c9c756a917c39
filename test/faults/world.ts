import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from './auditor';
import { Book, CREDIT, microOf, textOf, type Answer, type Ask, type Micro, type Partner } from './book';
import { deliver, request, type ClientOptions } from './client';
import { checkAcknowledged, checkRefused } from './ledger-check';
import { Postgres } from './postgres';
import { FaultProxy } from './proxy';
import type { Random } from './random';
import { Replica } from './replica';
import { CREDITS_PER_MINUTE, LONGEST_CALL } from './stories';

const worlds = new Set<World>();
const FIRST_CREDITS = 100n * CREDIT;
const CREDITS_OF_PARTNER = 1_000_000n * CREDIT;

export interface WorldOptions {
  readonly name: string;
  readonly replicas: number;
  readonly partners: number;
  /** The service reaches Postgres through a proxy that can do what networks do. */
  readonly proxied?: boolean;
  readonly random: Random;
}

/** A Postgres, replicas of the service on it, partners with customers, and the book of what was asked and answered. */
export class World {
  readonly book = new Book();
  readonly partners: Partner[] = [];
  readonly replicas: Replica[] = [];
  postgres!: Postgres;
  proxy: FaultProxy | undefined;
  readonly #sealKey = randomBytes(32).toString('base64');
  readonly #folder: string;
  #hostKey = '';
  #audited = 0;
  #probes = 0;

  private constructor(private readonly options: WorldOptions) {
    // Postgres runs as a user of its own when we are root, and must reach its folder in here.
    this.#folder = mkdtempSync(join(tmpdir(), 'talktime-faults-'));
    chmodSync(this.#folder, 0o755);
    worlds.add(this);
  }

  static async create(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.#start();
    return world;
  }

  get name(): string {
    return this.options.name;
  }

  get urls(): string[] {
    return this.replicas.map((replica) => replica.url);
  }

  get databaseUrl(): string {
    return this.postgres.url(this.proxy?.port);
  }

  get sealKey(): string {
    return this.#sealKey;
  }

  /**
   * Everything that must hold at any moment: no rule broken, all that was acknowledged is there, what was refused is
   * not. Acknowledgements that an earlier audit has seen are not looked for again, unless `all`.
   */
  async findings(all = false): Promise<string[]> {
    const { acknowledged } = this.book;
    const seen = acknowledged.length; // answered before the audit's snapshot begins
    const news = acknowledged.slice(all ? 0 : this.#audited, seen);
    const refused = this.book.entries.filter((entry) => entry.state === 'refused' && (all || entry.uncertain === 0));
    const findings = await this.postgres.withClient(async (client) => [
      ...(await audit(client)),
      ...(await checkAcknowledged(client, news)),
      ...(await checkRefused(client, refused)),
    ]);
    this.#audited = seen;
    return [...findings, ...this.book.findings.splice(0)];
  }

  /** A small top-up by this replica alone: answers how long it took until one was acknowledged, or null when none was in time. */
  async probe(replica: Replica, milliseconds: number, partner = this.partners[0]!): Promise<number | null> {
    const started = Date.now();
    const entry = this.#topUp(partner, partner.customers[0]!, 1n, `probe-${this.name}-${++this.#probes}`);
    const options: ClientOptions = {
      book: this.book,
      random: this.options.random.fork(),
      urls: [replica.url],
      timeout: milliseconds,
      stopped: () => Date.now() - started > milliseconds || !replica.isRunning,
    };
    await deliver(entry, options);
    return entry.state === 'acknowledged' ? Date.now() - started : null;
  }

  /** Starts a replica again that ended by itself or does not answer, so that the run can go on. */
  async restartReplica(replica: Replica): Promise<void> {
    await replica.kill();
    await replica.start();
  }

  async #start(): Promise<void> {
    this.postgres = await Postgres.start(join(this.#folder, 'postgres'));
    if (this.options.proxied) this.proxy = await FaultProxy.start(this.postgres.serverPort);
    for (let number = 1; number <= this.options.replicas; number++) {
      const name = `${this.name} ${number}`;
      const replica = await Replica.create({ name, databaseUrl: this.databaseUrl, sealKey: this.#sealKey });
      this.replicas.push(replica);
      await replica.start();
    }
    this.#hostKey = this.replicas[0]!.printed(/Host key +(tt_\S+)/);
    const first = this.replicas[0]!.printed(/Partner {2,}(\S+)/);
    const key = this.replicas[0]!.printed(/Partner key +(tt_\S+)/);
    await this.#addPartner('first', first, { authorization: `Bearer ${key}` });
    for (let number = 2; number <= this.options.partners; number++) {
      const { id } = await this.#ask('POST', '/v1/partners', { name: `Partner ${number}` }, this.#host());
      await this.#addPartner(`partner ${number}`, id, this.#host(id));
    }
  }

  /** Settings first, then credits: the audit of the alerts counts on that order. */
  async #addPartner(name: string, id: string, headers: Record<string, string>): Promise<void> {
    const alerts = { low_credit_threshold: '999900', low_credit_notifications_enabled: true };
    await this.#ask('PATCH', '/v1/partner', { price_per_minute: { credits: '8' }, ...alerts }, this.#host(id));
    const prefix = `c${this.partners.length + 1}`;
    const customers = ['a', 'b', 'c'].map((letter) => `${prefix}_${letter}`);
    const carried = `${prefix}_carried`;
    for (const customer of [...customers, carried]) {
      const settings = {
        ai_credits_enabled: true,
        price_per_minute: { credits: String(CREDITS_PER_MINUTE) },
        max_call_seconds: LONGEST_CALL,
        low_credit_threshold: '60',
        low_credit_notifications_enabled: true,
        ...(customer === carried ? { shortfall_policy: 'partner' } : { overdraft: '50' }),
      };
      const mappings = [{ kind: 'agent', value: `agent_of_${customer}` }];
      await this.#ask(
        'POST',
        '/v1/customers',
        { id: customer, name: `Customer ${customer}`, settings, mappings },
        headers,
      );
    }
    const secret = randomBytes(18).toString('base64url');
    const { path } = await this.#ask('POST', '/v1/endpoints', { provider: 'retell', secrets: [secret] }, headers);
    const partner: Partner = { id, name, headers, hook: { path, secret }, customers, carried };
    this.partners.push(partner);
    const host: Partner = { ...partner, headers: this.#host(id) };
    for (const customer of [null, ...customers, carried]) {
      const amount = customer === null ? CREDITS_OF_PARTNER : FIRST_CREDITS;
      const entry = this.#topUp(partner, customer, amount, `first-${customer ?? id}`, host.headers);
      await deliver(entry, {
        book: this.book,
        random: this.options.random,
        urls: this.urls,
        timeout: 30_000,
        stopped: () => false,
      });
    }
  }

  #topUp(partner: Partner, customerId: string | null, amount: Micro, key: string, headers = partner.headers) {
    const wallet = customerId === null ? { wallet: 'partner' } : { customer_id: customerId };
    const body = { ...wallet, amount: textOf(amount), note: key, idempotency_key: key };
    return this.book.open({
      partner,
      kind: 'top_up',
      key,
      ask: {
        method: 'POST',
        path: '/v1/top-ups',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      },
      effects: (answer: Answer) => [{ customerId, amount: microOf(answer.body.amount) }],
    });
  }

  #host(partnerId?: string): Record<string, string> {
    return { authorization: `Bearer ${this.#hostKey}`, ...(partnerId && { 'talktime-partner': partnerId }) };
  }

  async #ask(method: 'POST' | 'PATCH', path: string, body: object, headers: Record<string, string>): Promise<any> {
    const ask: Ask = {
      method,
      path,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await request(this.urls[0]!, ask, 30_000);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.proxy?.stop();
    await this.postgres?.stop().catch(() => undefined); // it may have been killed
    this.remove();
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    worlds.delete(this);
  }
}

/** The last clean-up, after the processes have been killed. */
export function removeAllFolders(): void {
  for (const world of worlds) world.remove();
}
