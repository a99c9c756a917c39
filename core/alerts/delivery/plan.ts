import type { AlertEvent, Audience } from '../notice';
import { parseRoute, showsInPlace } from '../routes';
import type { PlannedRoute } from './plan-routes';
import {
  DIGEST_GATHERS,
  DIGEST_MAIL_PAUSE,
  DIGEST_PAUSE,
  heldUntil,
  isMargin,
  isSnoozed,
  isWorse,
  MOST_IN_DIGEST,
  singlesAmong,
  type Holding,
} from './timing';

/** Something that happened in a wallet's episode. */
export interface Happening {
  readonly id: string;
  readonly walletId: number;
  readonly episode: number;
  readonly event: AlertEvent;
  readonly detail: string | null;
  readonly at: Date;
  readonly sequence: bigint;
}

/** A happening, and a route that it goes to. */
export interface Placement extends PlannedRoute {
  readonly happening: Happening;
}

export interface MessageState {
  readonly messageId: string;
  readonly route: string;
  readonly audience: Audience;
  readonly kind: 'episode' | 'digest' | 'route_dead' | 'test' | 'payment';
  version: number;
  heldUntil: Date;
  dead: string | null;
  readonly posted: boolean;
  /** When it was last delivered. */
  readonly shownAt: Date | null;
}

export interface MemberState {
  readonly walletId: number;
  readonly episode: number;
  readonly route: string;
  readonly messageId: string;
  latest: Happening;
  readonly beganAt: Date;
}

/** What is told of an episode by a message's thread, with the version of the message that it belongs to. */
export interface Entry extends Omit<Happening, 'event'> {
  readonly event: AlertEvent | 'snooze_ended';
  readonly messageId: string;
  readonly version: number;
  readonly broadcast: boolean;
}

/** What there is already, as far as the placements touch it. */
export interface Standings {
  readonly now: Date;
  readonly messages: ReadonlyMap<string, MessageState>;
  /** All of the episodes, on every route, by `memberKey`. */
  readonly members: ReadonlyMap<string, MemberState>;
  /** What holds a wallet's alerts back on a route, by wallet and route. */
  readonly holding: (walletId: number, route: string, margin: boolean) => Holding;
  /** How many episodes opened on a route within the last minute, or wait to be told there. */
  readonly recent: ReadonlyMap<string, number>;
  /** The digests that gather, with how many members they have. */
  readonly gathering: ReadonlyMap<string, { readonly messageId: string; readonly members: number }>;
  readonly newId: () => string;
}

/** What is to be written. */
export interface Plan {
  readonly created: MessageState[];
  readonly changed: MessageState[];
  readonly members: MemberState[];
  readonly entries: Entry[];
}

export function memberKey(walletId: number, episode: number, route: string): string {
  return `${walletId}.${episode} ${route}`;
}

/**
 * Works out which messages what happened changes. Each episode is in one message on each route: one of its own, or a
 * digest when many open together. An episode that begins makes a message; everything later in it makes a new version of
 * that message, and a line for its thread. So messages always show the last state, however late they are delivered.
 */
export function planMessages(placements: readonly Placement[], standings: Standings): Plan {
  return new Planning(standings).plan(placements);
}

class Planning {
  readonly #messages = new Map<string, MessageState>();
  readonly #members = new Map<string, MemberState>();
  readonly #created: MessageState[] = [];
  readonly #changed = new Set<MessageState>();
  readonly #dirty = new Set<MemberState>();
  readonly #entries: Entry[] = [];

  constructor(private readonly standings: Standings) {
    for (const [id, message] of standings.messages) this.#messages.set(id, { ...message });
    for (const [key, member] of standings.members) this.#members.set(key, { ...member });
  }

  plan(placements: readonly Placement[]): Plan {
    const opening = new Map<string, Placement[][]>();
    for (const group of inGroups(placements)) {
      const [first] = group as [Placement];
      const { walletId, episode } = first.happening;
      const member = this.#members.get(memberKey(walletId, episode, first.route));
      if (member) this.#goOn(member, group);
      else if (this.#begins(first)) opening.set(first.route, [...(opening.get(first.route) ?? []), group]);
    }
    for (const [route, groups] of opening) this.#open(route, groups);
    return {
      created: this.#created,
      changed: [...this.#changed],
      members: [...this.#dirty],
      entries: this.#entries,
    };
  }

  /** The end of an episode is told to those alone who were told that it began. */
  #begins({ happening, audience }: Placement): boolean {
    if (happening.event !== 'recovered' && happening.event !== 'margin_recovered') return true;
    for (const member of this.#members.values()) {
      const { walletId, episode, messageId } = member;
      if (walletId !== happening.walletId || episode !== happening.episode) continue;
      if (this.#messages.get(messageId)?.audience === audience) return true;
    }
    return false;
  }

  /** A later part of an episode that has its message. */
  #goOn(member: MemberState, group: readonly Placement[]): void {
    const message = this.#messages.get(member.messageId)!;
    const last = group.at(-1)!.happening;
    member.latest = last;
    this.#dirty.add(member);
    const told = group.filter(({ happening }) => showsInPlace(parseRoute(message.route)) || isMailed(happening.event));
    if (told.length === 0) return;
    const holding = this.#holdingOf(last, message.route);
    this.#bump(message);
    message.heldUntil = message.kind === 'digest' ? this.#digestDue(message) : this.#due(message, last, holding);
    for (const { happening, audience } of told) {
      if (message.kind === 'digest' && !isWorse(happening.event)) continue;
      const silent =
        isSnoozed(happening.event, audience, holding, this.standings.now) ||
        (message.kind === 'digest' && holding.quietUntil !== null && happening.event !== 'recharge_failed');
      const broadcast = isWorse(happening.event) && !silent;
      this.#entries.push({ messageId: message.messageId, version: message.version, ...happening, broadcast });
    }
  }

  #open(route: string, groups: readonly (readonly Placement[])[]): void {
    const { now } = this.standings;
    const inPlace = showsInPlace(parseRoute(route));
    const held: [readonly Placement[], Date][] = [];
    const free: (readonly Placement[])[] = [];
    for (const group of groups) {
      const { happening, audience } = group.at(-1)!;
      const holding = this.#holdingOf(happening, route);
      const until = heldUntil({ event: happening.event, audience, inPlace, posted: false, now }, holding);
      if (until === null) free.push(group);
      else held.push([group, until]);
    }
    const singles = route === 'none' ? free.length : singlesAmong(free.length, this.standings.recent.get(route) ?? 0);
    for (const group of free.slice(0, singles)) this.#begin(this.#create('episode', group[0]!, now), group);
    for (const [group, until] of held) this.#begin(this.#create('episode', group[0]!, until), group);
    this.#digest(route, free.slice(singles));
  }

  #digest(route: string, groups: readonly (readonly Placement[])[]): void {
    const gathering = this.standings.gathering.get(route);
    let digest = gathering && this.#messages.get(gathering.messageId);
    let members = gathering?.members ?? 0;
    for (const group of groups) {
      if (!digest || members >= MOST_IN_DIGEST) {
        digest = this.#create('digest', group[0]!, new Date(this.standings.now.getTime() + DIGEST_GATHERS));
        members = 0;
      } else if (!this.#created.includes(digest)) this.#bump(digest);
      this.#begin(digest, group);
      members++;
    }
  }

  #create(kind: 'episode' | 'digest', { route, audience, dead }: Placement, until: Date): MessageState {
    const message: MessageState = {
      messageId: this.standings.newId(),
      route,
      audience,
      kind,
      version: 1,
      heldUntil: until,
      dead,
      posted: false,
      shownAt: null,
    };
    this.#messages.set(message.messageId, message);
    this.#created.push(message);
    return message;
  }

  #begin({ messageId }: MessageState, group: readonly Placement[]): void {
    const [first, last] = [group[0]!, group.at(-1)!];
    const { walletId, episode } = first.happening;
    const member: MemberState = {
      walletId,
      episode,
      route: first.route,
      messageId,
      latest: last.happening,
      beganAt: first.happening.at,
    };
    this.#members.set(memberKey(walletId, episode, first.route), member);
    this.#dirty.add(member);
  }

  /** One version more, once for all that happens now. */
  #bump(message: MessageState): void {
    if (this.#changed.has(message)) return;
    message.version++;
    this.#changed.add(message);
  }

  #due(message: MessageState, { event }: Happening, holding: Holding): Date {
    const { now } = this.standings;
    const inPlace = showsInPlace(parseRoute(message.route));
    return heldUntil({ event, audience: message.audience, inPlace, posted: message.posted, now }, holding) ?? now;
  }

  /** A digest that gathers goes on gathering; one that was posted is changed now and then. */
  #digestDue({ posted, shownAt, heldUntil: until, route }: MessageState): Date {
    const { now } = this.standings;
    if (!posted || shownAt === null) return until;
    const pause = showsInPlace(parseRoute(route)) ? DIGEST_PAUSE : DIGEST_MAIL_PAUSE;
    return new Date(Math.max(now.getTime(), shownAt.getTime() + pause));
  }

  #holdingOf({ walletId, event }: Happening, route: string): Holding {
    return this.standings.holding(walletId, route, isMargin(event));
  }
}

/** A mailbox is not told that things are a little better. */
function isMailed(event: AlertEvent): boolean {
  return event !== 'improved';
}

/** What happened to one episode on one route, together, in its order. */
function inGroups(placements: readonly Placement[]): Placement[][] {
  const groups = new Map<string, Placement[]>();
  for (const placement of placements) {
    const { walletId, episode } = placement.happening;
    const key = memberKey(walletId, episode, placement.route);
    const group = groups.get(key);
    if (group) group.push(placement);
    else groups.set(key, [placement]);
  }
  return [...groups.values()];
}
