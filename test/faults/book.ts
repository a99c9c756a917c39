/**
 * What the clients know: everything they asked for, and what they were answered. It is kept apart from the service and
 * shares no code with it, so that the ledger can be held against it.
 */

/** Microcredits: whole numbers. */
export type Micro = bigint;

export const CREDIT = 1_000_000n;

/** Credits as an answer's JSON number carries them: exact below 2^33. */
export function microOf(credits: number): Micro {
  return BigInt(Math.round(credits * 1e6));
}

/** Credits as a request carries them: decimal text. */
export function textOf(amount: Micro): string {
  const absolute = amount < 0n ? -amount : amount;
  const fraction = String(absolute % CREDIT)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${absolute / CREDIT}${fraction && `.${fraction}`}`;
}

export interface Partner {
  readonly id: string;
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The address of its Retell webhooks, and what signs them. */
  readonly hook: { readonly path: string; readonly secret: string };
  /** Customers whose calls become debt when credits run out. */
  readonly customers: readonly string[];
  /** A customer beyond whose credits the partner pays. */
  readonly carried: string;
}

export interface Ask {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: any;
}

export type Kind =
  | 'top_up'
  | 'deduction'
  | 'adjustment'
  | 'reversal'
  | 'call'
  | 'webhook'
  | 'suspense'
  | 'assign'
  | 'reassign'
  | 'authorize'
  | 'release';

/** What a request does to a wallet. */
export interface Effect {
  /** null: the partner's own wallet. */
  readonly customerId: string | null;
  readonly amount: Micro;
}

export interface EntryInput {
  readonly partner: Partner;
  readonly kind: Kind;
  /** The idempotency key, or what identifies it otherwise. */
  readonly key: string;
  readonly ask: Ask;
  /** How to ask for the same once more; the same request unless said. null: something later makes the answer another. */
  readonly again?: Ask | null;
  /** What it does, told by the answer where the answer says it. */
  readonly effects: (answer: Answer) => readonly Effect[];
  /** Of a call: the provider's call id, and which of its postings this is; null when this posts nothing. */
  readonly call?: { readonly id: string; readonly revision: number | null };
}

/** One request, from when it was first asked until it was answered. */
export class Entry implements EntryInput {
  readonly partner: Partner;
  readonly kind: Kind;
  readonly key: string;
  readonly ask: Ask;
  readonly effects: EntryInput['effects'];
  readonly call: EntryInput['call'];
  again: Ask | null;
  state: 'open' | 'acknowledged' | 'refused' = 'open';
  attempts = 0;
  readonly openedAt = Date.now();
  /** Attempts of which nobody knows what they did: the connection broke, or the service was at fault. */
  uncertain = 0;
  answer: Answer | undefined;
  answeredAt = 0;
  /** Of a request whose answer says nothing (a webhook's 204): what its first replay said. */
  replayed: Answer | undefined;

  constructor(
    readonly number: number,
    input: EntryInput,
  ) {
    this.partner = input.partner;
    this.kind = input.kind;
    this.key = input.key;
    this.ask = input.ask;
    this.effects = input.effects;
    this.call = input.call;
    this.again = input.again === undefined ? input.ask : input.again;
  }

  toString(): string {
    return `${this.kind} ${this.key} of ${this.partner.name}`;
  }
}

export class Book {
  #atNext: (() => void) | undefined;
  readonly entries: Entry[] = [];
  readonly acknowledged: Entry[] = [];
  /** What must not be and was seen while asking. */
  readonly findings: string[] = [];
  /** How many answers had which status; `0`: none came. */
  readonly statuses = new Map<number, number>();

  open(input: EntryInput): Entry {
    const entry = new Entry(this.entries.length, input);
    this.entries.push(entry);
    return entry;
  }

  /** Requests that wait for an answer now. */
  get waiting(): number {
    return this.entries.length - this.acknowledged.length - this.refused;
  }

  refused = 0;

  acknowledge(entry: Entry, answer: Answer): void {
    if (entry.state === 'acknowledged') return this.#compare(entry, answer);
    if (entry.state === 'refused') this.refused--; // of two attempts at once one came when the credits sufficed
    entry.state = 'acknowledged';
    entry.answer = answer;
    entry.answeredAt = Date.now();
    this.acknowledged.push(entry);
    const listener = this.#atNext;
    this.#atNext = undefined;
    listener?.();
  }

  /** Calls when the next request is acknowledged, before anybody else hears of it. */
  atNextAcknowledgement(listener: () => void): void {
    this.#atNext = listener;
  }

  refuse(entry: Entry, answer: Answer): void {
    if (entry.state !== 'open') return;
    entry.state = 'refused';
    entry.answer = answer;
    entry.answeredAt = Date.now();
    this.refused++;
  }

  count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  /** Requests whose commit was seen by nobody at first: a later attempt was told that it had been done before. */
  get recovered(): number {
    return this.acknowledged.filter((entry) => entry.uncertain > 0 && entry.answer?.body?.replayed === true).length;
  }

  /** What each wallet must hold by the answers. */
  balances(partner: Partner): Map<string | null, Micro> {
    const balances = new Map<string | null, Micro>();
    for (const entry of this.acknowledged) {
      if (entry.partner !== partner) continue;
      for (const { customerId, amount } of entry.effects(entry.answer!))
        balances.set(customerId, (balances.get(customerId) ?? 0n) + amount);
    }
    return balances;
  }

  /** Two answers to the same request must say the same, but for whether it had been done before. */
  #compare(entry: Entry, answer: Answer): void {
    const difference = differenceOf(entry.answer!, answer);
    if (difference) this.findings.push(`${entry} was answered twice, and differently: ${difference}`);
  }
}

/**
 * How two answers to one request differ, apart from `replayed`, and of a hold from the balance, which is told as it is
 * when one asks.
 */
export function differenceOf(first: Answer, second: Answer): string | undefined {
  const [a, b] = [first, second].map(({ body }) => {
    if (body === null || typeof body !== 'object') return JSON.stringify(body);
    const { replayed: _, ...rest } = body;
    if ('hold' in rest) for (const field of ['balance_after', 'status']) delete rest[field];
    return JSON.stringify(rest);
  });
  return a === b ? undefined : `${a} then ${b}`;
}
