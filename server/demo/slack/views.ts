import { randomBytes } from 'node:crypto';
import { initialValues, type StateValues } from './fields';
import { records, type Json } from './json';
import { withBlockIds } from './names';

/** A modal or a Home tab as it stands before a person. */
export interface StoredView {
  readonly id: string;
  readonly type: 'modal' | 'home';
  readonly userId: string;
  /** The workspace whose installation opened it. */
  readonly teamId: string;
  readonly rootId: string;
  readonly previousId: string | null;
  /** As the app sent it, its blocks named. */
  content: Json;
  hash: string;
  values: StateValues;
  /** What Slack shows under the inputs, by block_id. */
  errors: Record<string, string>;
}

/** docs.slack.dev, "Modals": a modal holds up to 3 views at a time. */
const STACK_LIMIT = 3;

/** Who has which modals open, and whose Home tab shows what. */
export class Views {
  readonly #stacks = new Map<string, StoredView[]>();
  readonly #homes = new Map<string, StoredView>();

  /** Opens a modal; whatever was open before is gone. */
  open(userId: string, teamId: string, content: Json, conversation: string | null = null): StoredView {
    const view = create('modal', userId, teamId, content, null, conversation);
    this.#stacks.set(userId, [view]);
    return view;
  }

  /** The error that Slack answers, or the view on top of the one that was there. */
  push(userId: string, teamId: string, content: Json): StoredView | 'push_limit_reached' | 'view_not_found' {
    const stack = this.#stacks.get(userId) ?? [];
    const top = stack.at(-1);
    if (!top) return 'view_not_found';
    if (stack.length >= STACK_LIMIT) return 'push_limit_reached';
    const view = create('modal', userId, teamId, content, top);
    stack.push(view);
    return view;
  }

  /** Slack keeps what was typed into an input as long as its block_id and action_id stay. */
  update(view: StoredView, content: Json): void {
    view.content = named(content);
    view.hash = newHash();
    view.errors = {};
    const fresh = initialValues(records(view.content.blocks));
    for (const [blockId, actions] of Object.entries(fresh)) {
      for (const [actionId, value] of Object.entries(actions)) {
        const typed = view.values[blockId]?.[actionId];
        if (typed && typed.type === value.type) actions[actionId] = typed;
      }
    }
    view.values = fresh;
  }

  publish(userId: string, teamId: string, content: Json): StoredView {
    const key = `${teamId} ${userId}`;
    const home = this.#homes.get(key);
    if (home) {
      home.values = {};
      this.update(home, content);
      return home;
    }
    const view = create('home', userId, teamId, content, null);
    this.#homes.set(key, view);
    return view;
  }

  home(userId: string, teamId: string): StoredView | null {
    return this.#homes.get(`${teamId} ${userId}`) ?? null;
  }

  homes(): StoredView[] {
    return [...this.#homes.values()];
  }

  /** The modals that a person has open, the lowest first. */
  stack(userId: string): readonly StoredView[] {
    return this.#stacks.get(userId) ?? [];
  }

  stacks(): (readonly StoredView[])[] {
    return [...this.#stacks.values()].filter((stack) => stack.length > 0);
  }

  find(ids: { viewId?: unknown; externalId?: unknown }, teamId: string): StoredView | null {
    const open = [...this.#stacks.values()].flat().concat(this.homes());
    return (
      open.find(
        (view) =>
          view.teamId === teamId &&
          (ids.viewId === undefined
            ? ids.externalId !== '' && view.content.external_id === ids.externalId
            : view.id === ids.viewId),
      ) ?? null
    );
  }

  hasExternalId(externalId: unknown, teamId: string, except?: StoredView): boolean {
    if (typeof externalId !== 'string' || externalId === '') return false;
    const found = this.find({ externalId }, teamId);
    return found !== null && found !== except;
  }

  /** Takes the top view away, as its close button does. */
  pop(userId: string): void {
    this.#stacks.get(userId)?.pop();
  }

  clear(userId: string): void {
    this.#stacks.delete(userId);
  }
}

function create(
  type: 'modal' | 'home',
  userId: string,
  teamId: string,
  content: Json,
  below: StoredView | null,
  conversation: string | null = null,
): StoredView {
  const id = `V${randomBytes(6).toString('hex').toUpperCase()}`;
  const blocks = named(content);
  return {
    id,
    type,
    userId,
    teamId,
    rootId: below?.rootId ?? id,
    previousId: below?.id ?? null,
    content: blocks,
    hash: newHash(),
    values: initialValues(records(blocks.blocks), conversation),
    errors: {},
  };
}

function named(content: Json): Json {
  return { ...content, blocks: withBlockIds(records(content.blocks)) };
}

function newHash(): string {
  return `${Math.floor(Date.now() / 1_000)}.${randomBytes(4).toString('hex')}`;
}
