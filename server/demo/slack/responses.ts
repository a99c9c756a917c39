import { randomBytes } from 'node:crypto';
import { isRecord, parseJson, type Json } from './json';
import { contentOf, refusedContent } from './methods/content';
import type { SlackState, StoredMessage } from './state';
import { withBlockIds } from './names';

/** docs.slack.dev, "Handling user interaction": a response_url takes 5 answers within 30 minutes. */
const USES = 5;
const LIFETIME_MS = 30 * 60_000;

interface ResponseUrl {
  readonly from: Interaction;
  readonly expiresAt: number;
  uses: number;
}

/** What a response_url came with. */
export interface Interaction {
  readonly teamId: string;
  readonly userId: string;
  readonly channelId: string;
  /** The message that a button stood in. */
  readonly message: StoredMessage | null;
}

export class ResponseUrls {
  readonly #urls = new Map<string, ResponseUrl>();
  /** What was sent to them and taken, as it was read. */
  readonly taken: Json[] = [];

  constructor(readonly state: SlackState) {}

  /** The path of a new one. */
  create(from: Interaction): string {
    const path = `/response/${from.teamId}/${randomBytes(12).toString('hex')}`;
    this.#urls.set(path, { from, expiresAt: Date.now() + LIFETIME_MS, uses: 0 });
    return path;
  }

  /** Ends a response_url's half hour now. */
  expireAll(): void {
    for (const [path, url] of this.#urls) this.#urls.set(path, { ...url, expiresAt: 0 });
  }

  take(path: string, contentType: string | undefined, body: string): { status: number; answer: string } {
    const url = this.#urls.get(path);
    const args = contentType?.startsWith('application/json') ? parseJson(body) : undefined;
    const result = this.#use(url, args);
    this.state.transcript.add({ kind: 'response', body: isRecord(args) ? args : {}, ...result });
    return result;
  }

  #use(url: ResponseUrl | undefined, args: unknown): { status: number; answer: string } {
    if (!url || url.expiresAt <= Date.now()) return { status: 404, answer: 'expired_url' };
    if (url.uses >= USES) return { status: 404, answer: 'used_url' };
    if (!isRecord(args)) return { status: 400, answer: 'invalid_payload' };
    url.uses += 1;
    const strange = Object.keys(args).filter((name) => !KNOWN.includes(name));
    if (strange.length > 0) return { status: 400, answer: `invalid_arguments unknown argument: ${strange.join(', ')}` };
    const refused = args.delete_original === true ? null : refusedContent(args, this.state, url.from.teamId);
    if (refused) return { status: 400, answer: JSON.stringify(refused) };
    this.taken.push(args);
    this.#apply(url.from, args);
    return { status: 200, answer: 'ok' };
  }

  #apply({ teamId, userId, channelId, message }: Interaction, args: Json): void {
    const { state } = this;
    if (message && args.delete_original === true) {
      state.remove(message);
      return state.transcript.message(message, 'deleted');
    }
    if (message && args.replace_original === true) {
      const { text, blocks } = contentOf(args);
      Object.assign(message, { text, blocks: withBlockIds(blocks), edited: true });
      return state.transcript.message(message, 'updated');
    }
    state.addMessage({
      channel: channelId,
      teamId,
      token: '',
      userId: state.workspace(teamId).botUserId,
      visibleTo: args.response_type === 'in_channel' ? null : userId,
      thread_ts: typeof args.thread_ts === 'string' ? args.thread_ts : null,
      broadcast: false,
      files: [],
      metadata: args.metadata ?? null,
      ...contentOf(args),
    });
  }
}

const KNOWN = [
  'text',
  'blocks',
  'response_type',
  'replace_original',
  'delete_original',
  'thread_ts',
  'metadata',
  'mrkdwn',
  'parse',
  'link_names',
  'unfurl_links',
  'unfurl_media',
];
