/**
 * The delivery of alerts under faults: dispatchers killed at every step and at any moment, Slack that refuses, fails, hangs
 * and loses answers, a channel that goes away, a token that is revoked, and Postgres that crashes; with two replicas, while
 * thousands of balances cross their levels. At the end the channels are held against the ledger.
 */
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_CLUES } from '@talktime/core/calls';
import { customerCreate, partnerCreate } from '@talktime/core/contract';
import { createCustomer, createPartner, updatePartner } from '@talktime/core/customers';
import { Database, migrate } from '@talktime/core/database';
import { Ledger, topUp } from '@talktime/core/ledger';
import { Postgres } from '../postgres';
import type { Random } from '../random';
import type { Report } from '../report';
import { seconds, sleep, until } from '../time';
import { auditChannels } from './auditor';
import { DispatcherReplica } from './replicas';
import { SlackDouble } from './slack';

const ACTOR = { id: 'faults', host: true };
const ROUNDS = 4;
/** After the kills. */
const CALM_ROUNDS = 2;
const DRAIN = 240_000;
/** As many customers cross in a small agency without a digest. */
const SMALL = 4;
const TROUBLES = { refused: 20, failed: 15, failedDone: 10, cutDone: 10, hung: 5 };

export interface AlertFaultOptions {
  readonly kills: number;
  /** How many times a balance crosses a level. */
  readonly crossings: number;
  readonly random: Random;
  readonly report: Report;
}

export async function alertFaults({ kills, crossings, random, report }: AlertFaultOptions): Promise<void> {
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'talktime-alerts-'));
  chmodSync(folder, 0o755);
  const postgres = await Postgres.start(join(folder, 'postgres'));
  const slack = new SlackDouble(random.fork());
  const database = new Database({ url: postgres.url(), connections: 12, onIdleError: () => undefined });
  const replicas: DispatcherReplica[] = [];
  try {
    await migrate(postgres.url());
    const environment = { DATABASE_URL: postgres.url(), SLACK_URL: await slack.start() };
    const agencies = await openAgencies(database, crossings);
    report.say(
      `${agencies.reduce((sum, { customers }) => sum + customers.length, 0)} customers of ${agencies.length} partners in ${seconds(Date.now() - started)}`,
    );
    replicas.push(new DispatcherReplica(environment), new DispatcherReplica(environment));
    slack.troubles = TROUBLES;

    const places = await killWhileCrossing({ kills, random, report, postgres, slack, database, agencies, replicas });
    const killed = [...places].map(([place, times]) => `${times} ${place}`).join(', ');
    report.say(`dispatchers killed: ${killed || 'none'}; Postgres crashed twice`);
    await Promise.all(replicas.map((replica) => replica.start()));
    // Slack goes on failing while each small agency's customers cross twice more, with dispatchers that live.
    const small = agencies.filter(({ customers }) => customers.length <= SMALL);
    for (let round = ROUNDS + 1; round <= ROUNDS + CALM_ROUNDS; round++)
      await crossAll({ database, random, agencies: small }, round);
    const drainBegan = Date.now();
    const drained = await until(async () => (await waiting(postgres)) === 0, DRAIN, 500);
    report.check('alerts: nothing waits at the end', drained ? [] : [`${await waiting(postgres)} still wait`], {
      detail: `${seconds(Date.now() - drainBegan)} after the last kill`,
    });

    const [moved, cutOff] = [agencies[0]!, agencies[1]!];
    const audit = await postgres.withClient((client) =>
      auditChannels(
        client,
        slack.messages,
        (partnerId) => agencies.filter((agency) => agency.partnerId === partnerId).flatMap(({ channels }) => channels),
        new Set([moved.partnerId]),
        new Set([cutOff.partnerId]),
      ),
    );
    report.check(
      'alerts: every episode is in one message with its last state, or given up with a reason',
      audit.findings,
      {
        detail: `${audit.episodes} episodes, ${crossings} crossings, ${slack.messages.length} posts and ${slack.counts['chat.update'] ?? 0} updates`,
      },
    );
    report.check('alerts: nothing is there twice without a counted doubt', audit.unexplained, {
      detail: `${audit.doubled} doubled with ${audit.doubts} doubts, of ${slack.messages.length} posts`,
    });
    const busiest = slack.busiest();
    report.check('alerts: about a post a second a channel', busiest > 12 ? [`${busiest} within ten seconds`] : [], {
      detail: `${busiest} within ten seconds at most`,
    });
    const troubles = Object.keys(TROUBLES).map((name) => `${name} ${slack.counts[name] ?? 0}`);
    report.say(`Slack's troubles: ${troubles.join(', ')}; ${seconds(Date.now() - started)} in all`);
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await database.close().catch(() => undefined);
    await postgres.stop().catch(() => undefined); // it may have been killed
    await slack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Agency {
  readonly partnerId: string;
  readonly customers: readonly string[];
  /** Where its alerts may stand: its channel, and a direct message. */
  readonly channels: readonly string[];
}

/**
 * Each customer crosses four times: low, out, recovered, and low again. In some agencies so many cross together that they
 * go into digests; in the small ones each gets a message of its own, with a thread.
 */
async function openAgencies(database: Database, crossings: number): Promise<Agency[]> {
  const customers = Math.ceil(crossings / ROUNDS);
  const small = Array.from({ length: Math.min(40, Math.ceil(customers / 20)) }, () => SMALL);
  const left = Math.max(0, customers - small.length * SMALL);
  const large = Math.min(20, Math.max(3, Math.ceil(left / 40)));
  const sizes = [...Array.from({ length: large }, () => Math.ceil(left / large)), ...small];
  const ledger = new Ledger(database);
  return Promise.all(
    sizes.map(async (each, index): Promise<Agency> => {
      const { id: partnerId } = await createPartner(database, ACTOR, partnerCreate.parse({ name: `Agency ${index}` }));
      const [team, channel] = [`T0P${index}`, `C0P${index}`];
      await updatePartner(database, partnerId, ACTOR, { slack_team_id: team, slack_channel: channel });
      if (index === 0)
        await database.asPartner(partnerId, (transaction) =>
          transaction.query(
            `insert into talktime.slack_installations (partner_id, workspace_id, sealed, scopes, installer_id)
             values ($1, $2, '\\x00', '{}', 'U0INSTALLER')`,
            [partnerId, team],
          ),
        );
      const ids = Array.from({ length: each }, (_each, n) => `p${index}c${n}`);
      for (const id of ids) {
        const settings = {
          ai_credits_enabled: true,
          price_per_minute: { credits: '12' },
          low_credit_threshold: '100',
          low_credit_notifications_enabled: true,
        };
        await createCustomer(database, partnerId, ACTOR, customerCreate.parse({ id, name: id, settings }));
      }
      await Promise.all(ids.map((id) => fill(ledger, partnerId, id, '110', 'first')));
      return { partnerId, customers: ids, channels: [channel, 'DU0INSTALLER'] };
    }),
  );
}

function fill(ledger: Ledger, partnerId: string, customerId: string, amount: string, key: string): Promise<unknown> {
  const idempotency_key = `${key} ${customerId}`;
  return topUp(ledger, partnerId, ACTOR, { customer_id: customerId, amount, kind: 'paid', idempotency_key });
}

function spend(
  ledger: Ledger,
  partnerId: string,
  customerId: string,
  minutes: number,
  round: number,
): Promise<unknown> {
  return ledger.submit(partnerId, {
    kind: 'call',
    actor: ACTOR,
    identity: { provider: 'retell', account: 'default', callId: `${customerId}-${round}`, leg: '' },
    facts: { outcome: 'connected', rawMilliseconds: minutes * 60_000, cost: null, rank: 2, order: 1 },
    startedAt: null,
    clues: NO_CLUES,
    customerId,
  });
}

interface Stage {
  readonly kills: number;
  readonly random: Random;
  readonly report: Report;
  readonly postgres: Postgres;
  readonly slack: SlackDouble;
  readonly database: Database;
  readonly agencies: readonly Agency[];
  readonly replicas: readonly DispatcherReplica[];
}

/** Rounds of crossings while both replicas are killed again and again. Answers where they died, with how often. */
async function killWhileCrossing(stage: Stage): Promise<Map<string, number>> {
  const { kills, random, postgres, slack, agencies, replicas } = stage;
  const places = new Map<string, number>();
  let begun = 0;
  let done = 0;
  const killing = Promise.all(
    replicas.map(async (replica) => {
      const choices = random.fork();
      while (begun < kills) {
        begun++;
        const place = await replica.liveAndDie(choices);
        places.set(place, (places.get(place) ?? 0) + 1);
        done++;
      }
    }),
  );
  killing.catch(() => undefined); // what it throws is met where it is awaited
  for (let round = 1; round <= ROUNDS; round++) {
    await until(() => done >= ((round - 1) / ROUNDS) * kills, DRAIN);
    if (round === 2) {
      slack.lost.add(agencies[0]!.channels[0]!);
      slack.revoked.add('xoxb-T0P1');
    }
    const crossing = crossAll(stage, round);
    if (round === 2 || round === 3) {
      await sleep(500);
      await postgres.kill(round === 2 ? 'at once' : 'postmaster first');
      await postgres.restart();
    }
    await crossing;
  }
  await killing;
  return places;
}

/** Every customer crosses once; what a crash cut off is asked for again, under the same key. */
async function crossAll(
  { database, agencies, random }: Pick<Stage, 'database' | 'agencies' | 'random'>,
  round: number,
): Promise<void> {
  const ledger = new Ledger(database);
  const choices = random.fork();
  const of = (some: readonly Agency[]) =>
    choices.shuffled(some.flatMap(({ partnerId, customers }) => customers.map((id) => ({ partnerId, id }))));
  const small = of(agencies.filter(({ customers }) => customers.length <= SMALL));
  const left = of(agencies.filter(({ customers }) => customers.length > SMALL));
  const cross = ({ partnerId, id }: (typeof left)[number]) => {
    if (round === 1) return spend(ledger, partnerId, id, 1, round);
    if (round === 2) return spend(ledger, partnerId, id, 10, round);
    if (round === 3 || round === 5) return fill(ledger, partnerId, id, '500', `round ${round}`);
    return spend(ledger, partnerId, id, round === 4 ? 32 : 45, round);
  };
  const crossSurely = async (one: (typeof left)[number]) => {
    const isDone = await until(() => cross(one).then(Boolean, () => false), 60_000, 200);
    if (!isDone) throw new Error(`${one.id} did not cross in round ${round}`);
  };
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) await crossSurely(next);
  };
  const trickle = async () => {
    for (const one of small) {
      await crossSurely(one);
      await sleep(choices.between(10, 80));
    }
  };
  await Promise.all([trickle(), ...Array.from({ length: 24 }, worker)]);
}

async function waiting(postgres: Postgres): Promise<number> {
  const [row] = await postgres.query<{ n: number }>(
    `select ((select count(*) from talktime.outbox where routed_at is null)
           + (select count(*) from talktime.alert_messages where version > shown and dead_at is null))::int as n`,
  );
  return row!.n;
}
