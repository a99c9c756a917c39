import {
  alertQueue,
  startDispatcher,
  type AlertChannel,
  type AlertDelivery,
  type AlertNotice,
  type AlertQueueOptions,
  type DeliveryOutcome,
  type Dispatcher,
  routeText,
} from '@talktime/core/alerts';
import { linkSlackChannel } from '@talktime/core/access';
import { updatePartner } from '@talktime/core/customers';
import type { SettingsPatch } from '@talktime/core/contract';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

/** What a channel answers to a delivery: an outcome, a failure, or nothing until it is let go. */
export type Scripted = DeliveryOutcome | Error | 'hang';

/** A channel that writes down what it is given, and answers by script, a route after another or whatever comes. */
export class RecordingChannel implements AlertChannel {
  readonly deliveries: (AlertDelivery & { readonly to: string; readonly at: number })[] = [];
  readonly script: Scripted[] = [];
  readonly scripts = new Map<string, Scripted[]>();
  readonly #letGo: (() => void)[] = [];
  #ended = false;

  async deliver(delivery: AlertDelivery): Promise<DeliveryOutcome> {
    const to = routeText(delivery.route);
    this.deliveries.push({ ...delivery, to, at: Date.now() });
    const next = this.scripts.get(to)?.shift() ?? this.script.shift();
    if (next === 'hang') {
      if (!this.#ended) await new Promise<void>((letGo) => this.#letGo.push(letGo));
    } else if (next instanceof Error) throw next;
    else if (next) return next;
    return {
      kind: 'delivered',
      message: delivery.previous ?? { channel: to.split(':').at(-1)!, ts: `${this.deliveries.length}.0` },
    };
  }

  /** Nothing hangs any more. */
  end(): void {
    this.#ended = true;
    this.letGo();
  }

  letGo(): void {
    for (const letGo of this.#letGo.splice(0)) letGo();
  }

  /** The deliveries to a route. */
  to(route: string) {
    return this.deliveries.filter((delivery) => delivery.to === route);
  }

  /** What was told of, in short: "acme low" for an episode, "digest of 7". */
  get told(): string[] {
    return this.deliveries.map(({ content }) => toldIn(content));
  }
}

export function toldIn(content: AlertDelivery['content']): string {
  switch (content.kind) {
    case 'episode':
      return `${content.notice.customerId ?? 'partner'} ${content.notice.event}`;
    case 'digest':
      return `digest of ${content.notices.length}`;
    case 'payment':
      return `${content.notice.customerId ?? 'partner'} ${content.notice.latest.event}`;
    case 'route_dead':
    case 'test':
      return content.kind;
  }
}

export function noticeOf({ content }: Pick<AlertDelivery, 'content'>): AlertNotice {
  if (content.kind !== 'episode') throw new Error(`It is a ${content.kind}`);
  return content.notice;
}

export const PARTNERS = 'slack:T0BRIGHT:C0ALERTS';
export const ACMES = 'slack:T0BRIGHT:C0ACME';
export const INSTALLER = 'dm:T0BRIGHT:U0INSTALLER';

/** A partner whose alerts go to a channel, with dispatchers that can be started. */
export class Alerting {
  readonly channel = new RecordingChannel();
  readonly errors: string[] = [];
  readonly #running: Dispatcher[] = [];

  private constructor(
    readonly test: TestDatabase,
    readonly world: World,
  ) {}

  static async open(): Promise<Alerting> {
    const test = await World.open();
    const world = await World.create(test);
    await updatePartner(test.database, world.partnerId, PARTNER, {
      slack_team_id: 'T0BRIGHT',
      slack_channel: 'C0ALERTS',
    });
    return new Alerting(test, world);
  }

  get partnerId(): string {
    return this.world.partnerId;
  }

  start({ sweepSeconds = 30, ...options }: AlertQueueOptions & { readonly sweepSeconds?: number } = {}): Dispatcher {
    const dispatcher = startDispatcher({
      database: this.test.database,
      url: this.test.url,
      queue: alertQueue(this.test.database, this.channel, options),
      sweepSeconds,
      onError: (error) => this.errors.push(error.message),
    });
    this.#running.push(dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    this.channel.end();
    await Promise.all(this.#running.splice(0).map((each) => each.stop()));
    await this.test.drop();
  }

  /** A customer with 110 credits, low at 100, at 12 credits a minute. */
  customer(id = 'acme', settings: Partial<SettingsPatch> = {}): Promise<string> {
    return this.world.customer(id, '110', {
      low_credit_threshold: '100',
      low_credit_notifications_enabled: true,
      ...settings,
    });
  }

  /** A minute takes 12 credits. */
  #calls = 0;
  async spend(customerId: string, minutes: number): Promise<void> {
    await this.world.call({ id: `call-${++this.#calls}`, seconds: minutes * 60, customerId });
  }

  link(channelId = 'C0ACME', customerId = 'acme', teamId?: string) {
    return linkSlackChannel(this.test.database, this.partnerId, PARTNER, channelId, customerId, teamId);
  }

  async install(teamId = 'T0BRIGHT', installer = 'U0INSTALLER'): Promise<void> {
    await this.test.superuser(
      `insert into talktime.slack_installations (partner_id, workspace_id, sealed, scopes, installer_id)
       values ($1, $2, '\\x00', '{chat:write}', $3)
       on conflict (partner_id, workspace_id) do update set installed_at = clock_timestamp()`,
      [this.partnerId, teamId, installer],
    );
  }

  async walletOf(customerId: string): Promise<number> {
    const [row] = await this.test.superuser<{ wallet_id: number }>(
      'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
      [this.partnerId, customerId],
    );
    return row!.wallet_id;
  }

  async emails(partner: string[], customer: string[] = [], customerId = 'acme'): Promise<void> {
    await this.test.superuser('update talktime.partners set alert_emails = $2 where partner_id = $1', [
      this.partnerId,
      partner,
    ]);
    await this.test.superuser(
      'update talktime.customers set alert_emails = $2 where partner_id = $1 and customer_id = $3',
      [this.partnerId, customer, customerId],
    );
  }

  async interval(minutes: number): Promise<void> {
    await this.test.superuser('update talktime.partners set alert_interval_minutes = $2 where partner_id = $1', [
      this.partnerId,
      minutes,
    ]);
  }

  /** What is neither routed, nor delivered, nor given up. */
  async waiting(): Promise<number> {
    const [row] = await this.test.superuser<{ n: number }>(
      `select ((select count(*) from talktime.outbox where routed_at is null)
             + (select count(*) from talktime.alert_messages where version > shown and dead_at is null))::int as n`,
    );
    return row!.n;
  }

  async settled(): Promise<void> {
    await this.until(async () => (await this.waiting()) === 0);
  }

  /** As if so much time had passed for everything that waits or was told. */
  async pass(seconds: number): Promise<void> {
    for (const sql of [
      `update talktime.alert_messages set held_until = held_until - make_interval(secs => $1), next_attempt_at = next_attempt_at - make_interval(secs => $1),
         leased_until = leased_until - make_interval(secs => $1), created_at = created_at - make_interval(secs => $1), shown_at = shown_at - make_interval(secs => $1)`,
      `update talktime.alert_members set told_at = told_at - make_interval(secs => $1), created_at = created_at - make_interval(secs => $1)`,
      `update talktime.alert_states set snoozed_until = snoozed_until - make_interval(secs => $1), quiet_until = quiet_until - make_interval(secs => $1)`,
      `update talktime.alert_paces set next_post_at = next_post_at - make_interval(secs => $1), closed_until = closed_until - make_interval(secs => $1)`,
    ])
      await this.test.superuser(sql, [seconds]);
    await this.wake();
  }

  async wake(): Promise<void> {
    await this.test.superuser(`select pg_notify('talktime_outbox', $1)`, [this.partnerId]);
  }

  async until(condition: () => boolean | Promise<boolean>, seconds = 15): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await condition())) {
      if (Date.now() > end)
        throw new Error(
          `It did not happen within ${seconds} s; told: ${this.channel.told.join(', ')}; errors: ${this.errors.join('; ')}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async delivered(count: number): Promise<void> {
    await this.until(() => this.channel.deliveries.length >= count);
  }
}
