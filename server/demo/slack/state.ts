import type { FakeApp } from './app';
import type { InspectionOptions } from './blocks/inspection';
import type { Json } from './json';
import type { ChannelOptions, UserOptions, WorkspaceOptions } from './options';
import { withBlockIds } from './names';
import { Tokens } from './tokens';
import { Transcript } from './transcript';
import { Triggers } from './triggers';
import { Views } from './views';

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly botId: string;
  readonly botUserId: string;
  readonly charts: boolean;
  readonly users: Map<string, User>;
}

export interface User extends UserOptions {
  readonly teamId: string;
  readonly name: string;
  readonly realName: string;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
  readonly members: Set<string>;
  readonly sharedWith: ReadonlySet<string>;
  /** The person in a DM with the app; null: a channel. */
  readonly dmWith: string | null;
  /** The workspaces whose installation of the app is in it. */
  readonly apps: Set<string>;
  private: boolean;
  archived: boolean;
}

/** A message as it stands, whoever can see it. */
export interface StoredMessage {
  readonly channel: string;
  readonly ts: string;
  /** The workspace whose installation posted it. */
  readonly teamId: string;
  /** The token that posted it; '' when a person or Slack itself did. */
  readonly token: string;
  /** Who wrote it: the bot's user, or a person. */
  readonly userId: string;
  /** Who alone can see it; null: everybody in the channel. */
  readonly visibleTo: string | null;
  readonly thread_ts: string | null;
  /** A reply that is shown in the channel as well. */
  readonly broadcast: boolean;
  /** Slack cleans links and mentions out of text unless it was told not to. */
  readonly files: UploadedFile[];
  text: string;
  blocks: Json[];
  metadata: unknown;
  edited: boolean;
}

export interface UploadedFile {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  readonly length: number;
  readonly altText: string;
  title: string;
  bytes: Buffer | null;
  isComplete: boolean;
}

/** All that the fake remembers. Methods and people change it; the drawing reads it. */
export class SlackState {
  readonly workspaces = new Map<string, Workspace>();
  readonly channels = new Map<string, Channel>();
  readonly messages: StoredMessage[] = [];
  readonly ephemerals: StoredMessage[] = [];
  readonly files = new Map<string, UploadedFile>();
  readonly tokens: Tokens;
  readonly triggers = new Triggers();
  readonly views = new Views();
  readonly transcript: Transcript;
  #lastTs = 0;

  constructor(
    readonly app: FakeApp,
    workspaces: readonly WorkspaceOptions[],
    readonly now: () => number = Date.now,
  ) {
    this.transcript = new Transcript(now);
    this.tokens = new Tokens(app);
    for (const options of workspaces) this.#addWorkspace(options);
    for (const { id, channels } of workspaces) for (const channel of channels ?? []) this.addChannel(id, channel);
  }

  #addWorkspace(options: WorkspaceOptions): void {
    const suffix = options.id.replace(/^T0?/, '');
    const users = (options.users ?? []).map((user): [string, User] => {
      const name = user.name ?? user.id.replace(/^[UW]0?/, '').toLowerCase();
      const realName = user.realName ?? name.charAt(0).toUpperCase() + name.slice(1);
      return [user.id, { ...user, teamId: options.id, name, realName }];
    });
    this.workspaces.set(options.id, {
      id: options.id,
      name: options.name ?? suffix,
      domain: options.domain ?? suffix.toLowerCase(),
      botId: `B0${suffix}`,
      botUserId: `U0${suffix}BOT`,
      charts: options.charts ?? true,
      users: new Map(users),
    });
    for (const token of options.tokens ?? [])
      this.tokens.add(options.id, typeof token === 'string' ? { token } : token);
  }

  addChannel(teamId: string, options: ChannelOptions): Channel {
    const workspace = this.workspace(teamId);
    const channel: Channel = {
      id: options.id,
      name: options.name ?? options.id.replace(/^#|^C0?/, '').toLowerCase(),
      teamId,
      members: new Set(
        options.members ?? [...workspace.users.values()].filter(({ guest }) => !guest).map(({ id }) => id),
      ),
      sharedWith: new Set(options.sharedWith ?? []),
      dmWith: null,
      apps: new Set(options.app === false ? [] : typeof options.app === 'object' ? options.app : [teamId]),
      private: options.private ?? false,
      archived: options.archived ?? false,
    };
    this.channels.set(options.id, channel);
    return channel;
  }

  workspace(id: string): Workspace {
    const workspace = this.workspaces.get(id);
    if (!workspace) throw new Error(`There is no workspace ${id}`);
    return workspace;
  }

  /** A person by id, in whichever workspace; null when there is none. */
  user(id: string): User | null {
    for (const { users } of this.workspaces.values()) {
      const user = users.get(id);
      if (user) return user;
    }
    return null;
  }

  /** The conversation of the app with a person; it is opened when there is none yet. */
  dm(teamId: string, userId: string): Channel {
    const found = [...this.channels.values()].find(({ dmWith, teamId: of }) => dmWith === userId && of === teamId);
    if (found) return found;
    const channel: Channel = {
      id: `D${teamId.slice(1)}${userId.slice(1)}`,
      name: 'directmessage',
      teamId,
      members: new Set([userId]),
      sharedWith: new Set(),
      dmWith: userId,
      apps: new Set([teamId]),
      private: true,
      archived: false,
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  /** Whether an installation of the app can be told of a channel at all: its own, or one shared with it. */
  knows(teamId: string, channel: Channel): boolean {
    return channel.teamId === teamId || channel.sharedWith.has(teamId);
  }

  addMessage(message: Omit<StoredMessage, 'ts' | 'edited'>): StoredMessage {
    const stored = { ...message, blocks: withBlockIds(message.blocks), ts: this.nextTs(), edited: false };
    (stored.visibleTo === null ? this.messages : this.ephemerals).push(stored);
    this.transcript.message(stored);
    return stored;
  }

  find(channel: string, ts: string): StoredMessage | null {
    return [...this.messages, ...this.ephemerals].find((one) => one.channel === channel && one.ts === ts) ?? null;
  }

  remove(message: StoredMessage): void {
    const list = message.visibleTo === null ? this.messages : this.ephemerals;
    list.splice(list.indexOf(message), 1);
  }

  /** Microseconds that only go up: no two messages share one. */
  nextTs(): string {
    this.#lastTs = Math.max(this.#lastTs + 1, Math.floor(this.now() * 1_000));
    return `${Math.floor(this.#lastTs / 1_000_000)}.${String(this.#lastTs % 1_000_000).padStart(6, '0')}`;
  }

  inspectionOptions(teamId: string): InspectionOptions {
    return {
      charts: this.workspace(teamId).charts,
      isImage: ({ id }) => {
        const file = typeof id === 'string' ? this.files.get(id) : undefined;
        return file?.isComplete === true && file.teamId === teamId && /\.(png|jpe?g|gif)$/i.test(file.name);
      },
    };
  }
}
