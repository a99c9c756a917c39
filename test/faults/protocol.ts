/**
 * As much of PostgreSQL's wire protocol (version 3) as it takes to know where a message ends, whether a transaction
 * writes to the ledger, and when it commits. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

export interface Message {
  /** One letter; empty for the first message of a connection, which has none. */
  readonly type: string;
  readonly raw: Buffer;
}

/** Cuts a stream of bytes into whole messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #first: boolean;

  constructor(side: 'frontend' | 'backend') {
    this.#first = side === 'frontend';
  }

  push(chunk: Buffer): Message[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const typeLength = this.#first ? 0 : 1;
      if (rest.length < typeLength + 4) break;
      const length = typeLength + rest.readInt32BE(typeLength);
      if (rest.length < length) break;
      messages.push({ type: rest.toString('latin1', 0, typeLength), raw: rest.subarray(0, length) });
      rest = rest.subarray(length);
      this.#first = false;
    }
    this.#rest = rest;
    return messages;
  }
}

const LEDGER = /talktime\.(operations|transfers)\b/i;
const WRITE = /\b(insert|update|merge|call|write|post)\b/i;
const COMMIT = /(^|;)\s*commit\b/i;

/** Follows what a connection's client asks for. */
export class FrontendWatch {
  /** The transaction under way has been asked to write to the ledger. */
  writing = false;
  readonly #statements = new Map<string, string>();

  /** Whether the message asks to commit. */
  see({ type, raw }: Message): boolean {
    const sql = this.#sqlOf(type, raw);
    if (sql === undefined) return false;
    if (LEDGER.test(sql) && WRITE.test(sql)) this.writing = true;
    return COMMIT.test(sql);
  }

  /** The statement that a simple query or a Bind runs; a Parse alone runs nothing yet. */
  #sqlOf(type: string, raw: Buffer): string | undefined {
    if (type === 'Q') return text(raw, 5);
    if (type === 'P') {
      const name = text(raw, 5);
      this.#statements.set(name, text(raw, 5 + Buffer.byteLength(name) + 1));
      return undefined;
    }
    if (type !== 'B') return undefined;
    const portal = text(raw, 5);
    return this.#statements.get(text(raw, 5 + Buffer.byteLength(portal) + 1));
  }
}

/** The end of a transaction, as the server tells it. */
export function endOfTransaction({ type, raw }: Message): 'commit' | 'rollback' | undefined {
  if (type !== 'C') return undefined;
  const tag = text(raw, 5);
  return tag === 'COMMIT' ? 'commit' : tag === 'ROLLBACK' ? 'rollback' : undefined;
}

function text(raw: Buffer, start: number): string {
  return raw.toString('utf8', start, raw.indexOf(0, start));
}
