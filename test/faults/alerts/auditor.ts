/**
 * Holds what stands in the channels against what the ledger wrote: each episode is in one message of each route, with its
 * last state. It reads the ledger's outbox and the channels; of the service's own tables it reads how many doubts a message
 * has, and which were given up.
 */
import type { Client } from 'pg';
import type { Standing } from './slack';

const MARKS: Record<string, string> = {
  low: '🟡',
  critical: '🟠',
  exhausted: '🔴',
  improved: '🔼',
  recovered: '🟢',
};

export interface Audit {
  /** Episodes that are not told, or not as they ended. */
  readonly findings: string[];
  /** What stands there more often than its doubts explain. */
  readonly unexplained: string[];
  readonly episodes: number;
  readonly doubts: number;
  /** Copies beyond the first, of messages and of thread replies. */
  readonly doubled: number;
}

interface Told {
  readonly partnerId: string;
  readonly name: string;
  readonly lasts: string[];
}

/**
 * @param channelsOf the channels that a partner's alerts stand in, by its id
 * @param mayRepeat partners whose alerts moved to another channel on the way, and so may stand in both
 * @param unreachable partners whose every route is dead: their alerts are given up, with a reason
 */
export async function auditChannels(
  client: Client,
  messages: readonly Standing[],
  channelsOf: (partnerId: string) => readonly string[],
  mayRepeat: ReadonlySet<string>,
  unreachable: ReadonlySet<string>,
): Promise<Audit> {
  const findings: string[] = [];
  const unexplained: string[] = [];
  const doubts = await readDoubts(client);
  const tops = messages.filter(({ thread }) => thread === null);
  const copies = new Map<string, Standing[]>();
  for (const message of tops) copies.set(message.messageId, [...(copies.get(message.messageId) ?? []), message]);
  let doubled = 0;
  for (const [id, standing] of copies) {
    doubled += standing.length - 1;
    if (standing.length - 1 > (doubts.get(id) ?? 0))
      unexplained.push(`message ${id} stands there ${standing.length} times, with ${doubts.get(id) ?? 0} doubts`);
  }
  for (const [key, times] of countReplies(messages)) {
    const id = key.split(' ')[1]!;
    doubled += times - 1;
    if (times - 1 > (doubts.get(id) ?? 0))
      unexplained.push(
        `a reply in the thread of ${id} stands there ${times} times, with ${doubts.get(id) ?? 0} doubts`,
      );
  }

  const told = await readTold(client);
  const current = [...copies.values()].map((standing) =>
    standing.reduce((last, each) => (each.touched > last.touched ? each : last)),
  );
  const byChannel = new Map<string, Standing[]>();
  for (const message of current) byChannel.set(message.channel, [...(byChannel.get(message.channel) ?? []), message]);
  const given = await readGivenUp(client);
  let episodes = 0;
  for (const { partnerId, name, lasts } of told) {
    episodes += lasts.length;
    if (unreachable.has(partnerId)) {
      if (!given.has(`${partnerId} ${name}`)) findings.push(`${name} is neither told nor given up with a reason`);
      continue;
    }
    const found = channelsOf(partnerId)
      .flatMap((channel) => byChannel.get(channel) ?? [])
      .flatMap((message) => statesIn(message, name));
    const expected = lasts.map((event) => MARKS[event]!).sort();
    const missing = without(expected, found);
    const extra = without(found, expected);
    if (missing.length > 0)
      findings.push(`${name}: ${missing.join('')} is missing (there: ${found.join('') || 'nothing'})`);
    if (extra.length > 0 && !mayRepeat.has(partnerId))
      findings.push(`${name}: ${extra.join('')} too many (due: ${expected.join('')})`);
  }
  return { findings, unexplained, episodes, doubts: [...doubts.values()].reduce((sum, n) => sum + n, 0), doubled };
}

/** How often each reply stands in a thread. One that was repeated says so in its last line, and is the same otherwise. */
function countReplies(messages: readonly Standing[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { messageId, thread, shown, channel } of messages) {
    if (thread === null) continue;
    const key = `${channel} ${messageId} ${shown.replace(/\nThis may be here twice.*/s, '')}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The marks of a customer in a message: of each of its lines in a digest, or else that of the message itself. */
function statesIn({ shown }: Standing, name: string): string[] {
  const lines = shown.split('\n').filter((text) => text.includes(`*${name}*`));
  const marks = Object.values(MARKS);
  return lines.map((line) => {
    const [own] = [...line];
    const [first] = [...shown];
    return marks.includes(own!) ? own! : first!;
  });
}

function without(all: readonly string[], these: readonly string[]): string[] {
  const left = [...these];
  return all.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

async function readTold(client: Client): Promise<Told[]> {
  const { rows } = await client.query<{ partner_id: string; name: string; lasts: string[] }>(
    `select partner_id, name, array_agg(event) as lasts
     from (select distinct on (o.partner_id, o.wallet_id, o.episode) o.partner_id, c.name, o.event
           from talktime.outbox o join talktime.customers c using (partner_id, wallet_id)
           order by o.partner_id, o.wallet_id, o.episode, o.sequence desc, o.created_at desc) as last
     group by partner_id, name`,
  );
  return rows.map(({ partner_id: partnerId, name, lasts }) => ({ partnerId, name, lasts }));
}

async function readDoubts(client: Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ message_id: string; doubts: number }>(
    'select message_id, doubts from talktime.alert_messages where doubts > 0',
  );
  return new Map(rows.map((row) => [row.message_id, row.doubts]));
}

async function readGivenUp(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ key: string }>(
    `select distinct m.partner_id || ' ' || c.name as key
     from talktime.alert_messages m
     join talktime.alert_members b using (partner_id, message_id)
     join talktime.customers c using (partner_id, wallet_id)
     where m.dead_at is not null and m.last_error is not null`,
  );
  return new Set(rows.map((row) => row.key));
}
