import { createHmac } from 'node:crypto';
import { differenceOf, microOf, type Answer, type Ask, type Book, type Entry } from './book';
import type { Random } from './random';
import { sleep } from './time';

/** Refusals that the load runs into by what it asks. Any other is a finding. */
const EXPECTED_REFUSALS = new Set(['INSUFFICIENT_CREDITS', 'REVERSAL_TOO_LARGE']);

export interface ClientOptions {
  readonly book: Book;
  readonly random: Random;
  /** Where the service answers; several replicas are asked in turn. */
  readonly urls: readonly string[];
  /** How long an answer is waited for. */
  readonly timeout: number;
  readonly stopped: () => boolean;
}

/** One HTTP request. Rejects when no answer came. */
export async function request(url: string, ask: Ask, timeout: number): Promise<Answer> {
  const response = await fetch(url + ask.path, {
    method: ask.method,
    headers: ask.headers,
    body: ask.body,
    signal: AbortSignal.timeout(timeout),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

/**
 * Asks until it is answered, always with the same key: any replica, again when the connection broke, the service was
 * away (503), or met a fault (500). That is what the API's documentation tells a client to do.
 */
export async function deliver(entry: Entry, options: ClientOptions): Promise<void> {
  const { book, random, urls, timeout, stopped } = options;
  while (!stopped() && entry.state !== 'acknowledged') {
    entry.attempts++;
    const answer = await request(random.pick(urls), entry.ask, timeout).catch(() => undefined);
    book.count(answer?.status ?? 0);
    if (answer && answer.status < 300) {
      // A webhook is acknowledged when it is recorded; what it came to shows when it was worked on.
      if (entry.kind === 'webhook') await workedOn(entry, options);
      return book.acknowledge(entry, answer);
    }
    if (answer && answer.status < 500 && answer.status !== 429) {
      if (!EXPECTED_REFUSALS.has(answer.body?.code))
        book.findings.push(`${entry} was refused: ${answer.status} ${answer.body?.code}: ${answer.body?.detail}`);
      return book.refuse(entry, answer);
    }
    entry.uncertain++;
    await sleep(random.between(20, 200));
  }
}

/** Long enough for a service that was killed to be there again and take up its inbox. */
const TAKEN_UP_WITHIN = 90_000;

/** Until no delivery about a webhook's call waits in the inbox any more. */
async function workedOn(entry: Entry, { random, urls, timeout }: ClientOptions): Promise<void> {
  const path = `/v1/inbox?state=received&provider_call_id=${encodeURIComponent(entry.call!.id)}`;
  const ask: Ask = { method: 'GET', path, headers: entry.partner.headers };
  const until = Date.now() + TAKEN_UP_WITHIN;
  while (Date.now() < until) {
    const answer = await request(random.pick(urls), ask, timeout).catch(() => undefined);
    if (answer?.status === 200 && answer.body.items.length === 0) return;
    await sleep(random.between(50, 300));
  }
}

/** Retell's signature: HMAC-SHA256 over the raw body and the moment in milliseconds. */
export function retellSignature(rawBody: string, secret: string, at = Date.now()): string {
  return `v=${at},d=${createHmac('sha256', secret).update(rawBody).update(String(at)).digest('hex')}`;
}

/** Replays: what was acknowledged must be answered the same once more, as done before. */
export async function replay(entries: readonly Entry[], options: ClientOptions): Promise<string[]> {
  const findings: string[] = [];
  const rest = entries.filter((entry) => entry.again !== null);
  const worker = async () => {
    for (let entry = rest.pop(); entry; entry = rest.pop()) {
      const finding = await replayOne(entry, options);
      if (finding) findings.push(finding);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return findings;
}

const MOST_TRIES = 60;

async function replayOne(entry: Entry, { random, urls, timeout }: ClientOptions): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const ask = entry.again; // a story may take it back meanwhile
    if (ask === null) return undefined;
    const answer = await request(random.pick(urls), ask, timeout).catch(() => undefined);
    if (entry.again === null) return undefined;
    if (answer && answer.status < 500 && answer.status !== 429) return judgeReplay(entry, answer);
    if (tries >= MOST_TRIES) return `${entry}: the replay was never answered; last ${answer?.status ?? 'nothing'}`;
    await sleep(random.between(50, 300));
  }
}

function judgeReplay(entry: Entry, answer: Answer): string | undefined {
  if (answer.status !== 200 || answer.body?.replayed !== true)
    return `${entry}: acknowledged before, its replay answers ${answer.status} ${JSON.stringify(answer.body)}`;
  // A webhook is answered 204; its replay through the API says what was done.
  const first = entry.answer!.body === null ? entry.replayed : entry.answer!;
  if (!first) {
    entry.replayed = answer;
    return judgeWebhook(entry, answer);
  }
  const difference = differenceOf(first, answer);
  return difference && `${entry}: the replay answers otherwise: ${difference}`;
}

/** What a webhook's replay tells must be what the call costs. */
function judgeWebhook(entry: Entry, { body }: Answer): string | undefined {
  if (entry.call?.revision == null) return undefined;
  const expected = entry.effects(entry.answer!).reduce((sum, effect) => sum + effect.amount, 0n);
  return body.outcome === 'deducted' && microOf(body.amount) === expected
    ? undefined
    : `${entry}: should have cost ${expected} microcredits, and its replay says ${JSON.stringify(body)}`;
}
