import { applyAcknowledgement, postAcknowledgement } from './acknowledgements';
import { complaint, fieldsOf, initialValues, type Field } from './fields';
import { chooseIn, find, heldBy, type Place } from './hands';
import { isRecord, parseJson, records, text, type Json } from './json';
import { until } from './patience';
import * as payloads from './payloads';
import type { ResponseUrls } from './responses';
import { commandRequest, eventRequest, interactionRequest, type Sender, type SendOptions } from './sender';
import type { Channel, SlackState, StoredMessage, User } from './state';
import type { Sent } from './transcript';
import type { StoredView } from './views';

export interface PersonTools {
  readonly state: SlackState;
  readonly sender: Sender;
  readonly responseUrls: ResponseUrls;
  /** Where the fake listens. */
  readonly origin: string;
  /** Milliseconds that they look for what the app is about to show. */
  readonly patience: number;
}

export interface PressOptions {
  /** What is pressed in the confirmation that comes up, if one does. Confirmed unless it says false. */
  readonly confirm?: boolean;
  /** A double click: two interactions at the same moment. */
  readonly twice?: boolean;
}

/** What came of pressing a modal's submit button. */
export interface Submission {
  /** What stands under the inputs now, by their labels. Empty: it went through. */
  readonly errors: Readonly<Record<string, string>>;
  /** null: Slack's client did not even send it, because an input was not filled in as it asks. */
  readonly sent: Sent | null;
}

/**
 * What a test or the demo does as somebody in Slack. Each of them ends when the app has acknowledged: what it shows after
 * that is waited for by whoever needs it (a modal by `fill`, `press` and `submit`; the rest by `until`).
 */
export class Person {
  readonly #tools: PersonTools;

  constructor(
    readonly user: User,
    tools: PersonTools,
  ) {
    this.#tools = tools;
  }

  get id(): string {
    return this.user.id;
  }

  /** Types a command: `/credits topup acme`. Throws when the app has no such command. */
  async command(line: string, { channel, ...options }: { channel: string } & SendOptions): Promise<Sent> {
    const { state, responseUrls, origin, sender } = this.#tools;
    const [, name = '', argument = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    const command = state.app.command(name);
    if (!command) throw new Error(`Slack says: ${name} is not a valid command`);
    const where = this.#channel(channel);
    const { teamId } = this.user;
    const payload = payloads.commandPayload(this.#origin(teamId), {
      name,
      text: command.escapes ? escape(argument, this.#tools.state) : argument,
      channel: where,
      triggerId: state.triggers.create(teamId, this.id, { channelId: where.id }),
      responseUrl: origin + responseUrls.create({ teamId, userId: this.id, channelId: where.id, message: null }),
    });
    const sent = await sender.send(commandRequest(payload), options);
    postAcknowledgement(sent, { teamId, userId: this.id, channelId: where.id }, state);
    return sent;
  }

  /** Presses a button: in a message, in the modal on top, or on the Home tab; by its text, action_id or value. */
  async press(place: StoredMessage | 'modal' | 'home', button: string, options: PressOptions = {}): Promise<Sent> {
    const { where, field } = await this.#find(place, button, 'button', ({ type }) => type === 'button');
    if (isRecord(field.element.confirm) && options.confirm === false)
      throw new Error('Nothing is sent when a confirmation is denied: don’t press it');
    const act = () => this.#act(where, field, payloads.actionOf(field, null));
    if (!options.twice) return act();
    const [first] = await Promise.all([act(), act()]);
    return first;
  }

  /** Chooses an entry of an overflow menu or a menu, a date and so on, outside a modal's inputs: the app hears of it at once. */
  async choose(place: StoredMessage | 'modal' | 'home', element: string, choice: unknown): Promise<Sent> {
    const isMenu = ({ isInput, type }: Field) => !isInput && type !== 'button';
    const { where, field } = await this.#find(place, element, 'menu', isMenu);
    const { value, option } = await chooseIn(field, choice, this.#chooser(where));
    if (value && 'id' in where) this.#hold(where, field, value);
    return this.#act(where, field, payloads.actionOf(field, value, option));
  }

  /** Uses one of the app's shortcuts, by name or callback_id: on a message, or from anywhere. */
  async shortcut(named: string, message?: StoredMessage): Promise<Sent> {
    const { state, responseUrls, origin, sender } = this.#tools;
    const found = state.app.shortcut(named, message ? 'message' : 'global');
    if (!found) throw new Error(`The app has no ${message ? 'message' : 'global'} shortcut ${named}`);
    const { teamId } = this.user;
    if (message && !this.#isVisible(message)) throw new Error(`${this.id} does not see that message`);
    const from = message && { teamId, userId: this.id, channelId: message.channel, message };
    const payload = payloads.shortcutPayload(this.#origin(teamId), {
      callbackId: found.callbackId,
      triggerId: state.triggers.create(teamId, this.id, { channelId: message?.channel }),
      ...(from ? { on: { message, responseUrl: origin + responseUrls.create(from) } } : {}),
    });
    return sender.send(interactionRequest(message ? 'message_action' : 'shortcut', payload));
  }

  /** Opens the app's Home tab, and hears what came of the event. null: the app does not listen for it. */
  async openHome(): Promise<Sent | null> {
    const { state, sender } = this.#tools;
    if (!state.app.hears('app_home_opened')) return null;
    const { teamId } = this.user;
    const dm = state.dm(teamId, this.id);
    const event = payloads.homeOpenedEvent(this.user, dm.id, this.home, state);
    return sender.send(eventRequest('app_home_opened', payloads.eventPayload(state, teamId, event)));
  }

  /** The app's Home tab as it was last published for them; null: never. */
  get home(): StoredView | null {
    return this.#tools.state.views.home(this.id, this.user.teamId);
  }

  /** The modal on top; null: none is open. */
  get modal(): StoredView | null {
    return this.#tools.state.views.stack(this.id).at(-1) ?? null;
  }

  /**
   * Fills in the modal on top, by labels, action_ids or block_ids; null empties. Options are chosen by text or value;
   * menus with options from outside ask the app for what was typed. Inputs that dispatch tell the app at once.
   */
  async fill(values: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [named, typed] of Object.entries(values)) {
      const isInput = ({ type }: Field) => type !== 'button' && type !== 'overflow';
      const { where: view, field } = await this.#find('modal', named, 'input', isInput);
      const { value, option } = await chooseIn(field, typed, this.#chooser(view));
      if (!value) throw new Error(`A ${field.type} cannot be filled in`);
      this.#hold(view, field, value);
      if (!field.isInput || field.block.dispatch_action === true)
        await this.#act(view, field, payloads.actionOf(field, value, option));
    }
  }

  /** What the app offers in a menu of the modal on top, when something is typed there: the texts of the options. */
  async suggestions(named: string, typed: string): Promise<string[]> {
    const { where: view, field } = await this.#find('modal', named, 'menu', () => true);
    return (await this.#chooser(view).suggest(field, typed)).map((option) => text((option.text as Json).text));
  }

  /** Presses the submit button of the modal on top. */
  async submit({ twice = false }: { twice?: boolean } = {}): Promise<Submission> {
    const { state, sender } = this.#tools;
    const view = await this.#patiently(() => {
      const top = this.#top();
      if (top.content.submit === undefined) throw new Error('The modal has no submit button');
      return top;
    });
    const inputs = fieldsOf(heldBy(view)).filter(({ isInput }) => isInput);
    view.errors = {};
    for (const input of inputs) {
      const said = complaint(input, view.values[input.blockId]?.[input.actionId]);
      if (said !== null) view.errors[input.blockId] = said;
    }
    if (Object.keys(view.errors).length > 0) return { errors: byLabel(view.errors, inputs), sent: null };

    const send = () => {
      const from = { viewId: view.id };
      const payload = payloads.viewSubmissionPayload(
        this.#origin(view.teamId),
        view,
        state.triggers.create(view.teamId, this.id, from),
      );
      return sender.send(interactionRequest('view_submission', payload));
    };
    const [sent] = await Promise.all(twice ? [send(), send()] : [send()]);
    const problem = sent.problem === null ? applyAcknowledgement(sent.body, view, state) : null;
    return { errors: byLabel(view.errors, inputs), sent: problem === null ? sent : { ...sent, problem } };
  }

  /** Presses the close button of the modal on top, or all of them away with `all`. The app hears of it if it asked to. */
  async close({ all = false }: { all?: boolean } = {}): Promise<void> {
    const { state, sender } = this.#tools;
    const view = await this.#patiently(() => this.#top());
    const closed = all || view.content.clear_on_close === true ? [...state.views.stack(this.id)].reverse() : [view];
    for (const one of closed) {
      state.views.pop(this.id);
      state.transcript.view(one, 'closed');
    }
    for (const one of closed) {
      if (one.content.notify_on_close !== true) continue;
      const payload = payloads.viewClosedPayload(this.#origin(one.teamId), one, closed.length > 1);
      await sender.send(interactionRequest('view_closed', payload));
    }
  }

  /** What they see in a channel: its messages with threads, and what only they were told. */
  sees(channel: string): StoredMessage[] {
    const { id } = this.#channel(channel);
    const { messages, ephemerals } = this.#tools.state;
    return [...messages, ...ephemerals]
      .filter((message) => message.channel === id && this.#isVisible(message))
      .sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  /** The last message that they see in a channel. Throws when there is none. */
  lastIn(channel: string): StoredMessage {
    const last = this.sees(channel).at(-1);
    if (!last) throw new Error(`${this.id} sees nothing in ${channel}`);
    return last;
  }

  /** Their conversation with the app. */
  get dm(): StoredMessage[] {
    return this.sees(this.#tools.state.dm(this.user.teamId, this.id).id);
  }

  /** Writes in a channel. The app does not hear of it: it has no scope for that. */
  say(channel: string, words: string, thread?: StoredMessage): StoredMessage {
    return this.#tools.state.addMessage({
      channel: this.#channel(channel).id,
      teamId: this.user.teamId,
      token: '',
      userId: this.id,
      visibleTo: null,
      thread_ts: thread?.ts ?? null,
      broadcast: false,
      text: words,
      blocks: [],
      files: [],
      metadata: null,
    });
  }

  /** Follows an address to Slack's page that allows the app, allows it or not, and says where the browser goes next. */
  async authorize(address: string, { allow = true }: { allow?: boolean } = {}): Promise<string> {
    const url = new URL(address);
    url.searchParams.set('team', this.user.teamId);
    url.searchParams.set('user', this.id);
    url.searchParams.set('answer', allow ? 'allow' : 'deny');
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (location === null) throw new Error(`Slack would show an error: ${(await response.text()).slice(0, 200)}`);
    return location;
  }

  async #act(place: Place, field: Field, action: Json): Promise<Sent> {
    const { state, sender, responseUrls, origin } = this.#tools;
    if (!state.app.isInteractive) throw new Error('The app has interactivity off');
    const { teamId } = place;
    if ('id' in place) {
      const triggerId = state.triggers.create(teamId, this.id, {
        viewId: place.type === 'modal' ? place.id : undefined,
      });
      const payload = payloads.viewActionsPayload(this.#origin(teamId), place, { action, triggerId });
      return sender.send(interactionRequest('block_actions', payload));
    }
    const from = { teamId, userId: this.id, channelId: place.channel, message: place };
    const payload = payloads.messageActionsPayload(this.#origin(teamId), place, {
      action,
      triggerId: state.triggers.create(teamId, this.id, { channelId: place.channel }),
      responseUrl: origin + responseUrls.create(from),
      values: { ...initialValues(place.blocks), ...heldIn(field, action) },
    });
    return sender.send(interactionRequest('block_actions', payload));
  }

  /** Waits until something holds: a message is there, the modal says something. `look` may throw until then. */
  until<T>(look: () => T | null | undefined | false, what?: string): Promise<T> {
    return this.#patiently(look, what);
  }

  #patiently<T>(look: () => T | null | undefined | false, what?: string): Promise<T> {
    return until(look, this.#tools.state.transcript, { within: this.#tools.patience, what });
  }

  /** The element of that name, once it is there: a modal may say at first that it is loading. */
  #find<P extends StoredMessage | 'modal' | 'home'>(
    place: P,
    named: string,
    what: string,
    fits: (field: Field) => boolean,
  ): Promise<{ where: P extends StoredMessage ? StoredMessage : StoredView; field: Field }> {
    return this.#patiently(() => {
      const where = this.#place(place) as P extends StoredMessage ? StoredMessage : StoredView;
      return { where, field: find(fieldsOf(heldBy(where)).filter(fits), named, what) };
    });
  }

  #chooser(place: Place) {
    const { state, sender } = this.#tools;
    return {
      state,
      user: this.user,
      suggest: async (field: Field, typed: string): Promise<Json[]> => {
        if (!state.app.suggests) throw new Error('The app has no address for options');
        const at = 'id' in place ? { view: place } : { message: place };
        const payload = payloads.suggestionPayload(this.#origin(place.teamId), field, typed, at);
        const sent = await sender.send(interactionRequest('block_suggestion', payload));
        const answer = sent.problem === null ? parseJson(sent.body) : undefined;
        if (!isRecord(answer)) throw new Error(`The app offered no options: ${sent.problem ?? sent.body}`);
        return [
          ...records(answer.options),
          ...records(answer.option_groups).flatMap(({ options }) => records(options)),
        ];
      },
    };
  }

  #hold(view: StoredView, field: Field, value: { readonly type: string } & Json): void {
    view.values = {
      ...view.values,
      [field.blockId]: { ...view.values[field.blockId], [field.actionId]: value },
    };
  }

  #place(place: StoredMessage | 'modal' | 'home'): Place {
    if (place === 'modal') return this.#top();
    if (place === 'home') {
      if (!this.home) throw new Error(`${this.id} has no Home tab yet: openHome() first`);
      return this.home;
    }
    if (!this.#isVisible(place)) throw new Error(`${this.id} does not see that message`);
    return place;
  }

  #top(): StoredView {
    const { modal } = this;
    if (!modal) throw new Error(`${this.id} has no modal open`);
    return modal;
  }

  #channel(named: string): Channel {
    const channel = [...this.#tools.state.channels.values()].find(
      ({ id, name }) => id === named || `#${name}` === named,
    );
    if (!channel?.members.has(this.id)) throw new Error(`${this.id} is not in ${named}`);
    return channel;
  }

  #isVisible(message: StoredMessage): boolean {
    const channel = this.#tools.state.channels.get(message.channel);
    return channel?.members.has(this.id) === true && [null, this.id].includes(message.visibleTo);
  }

  #origin(teamId: string) {
    return { state: this.#tools.state, user: this.user, teamId };
  }
}

function heldIn(field: Field, action: Json) {
  const { type, action_id: _id, block_id: _block, action_ts: _ts, ...held } = action;
  return field.type === 'button' || field.type === 'overflow'
    ? {}
    : { [field.blockId]: { [field.actionId]: { type: text(type), ...held } } };
}

function byLabel(errors: Record<string, string>, inputs: readonly Field[]): Record<string, string> {
  const label = (blockId: string) => inputs.find((input) => input.blockId === blockId)?.label ?? blockId;
  return Object.fromEntries(Object.entries(errors).map(([blockId, said]) => [label(blockId), said]));
}

/** With should_escape, `@mia` and `#alerts` become tokens; & < > are escaped either way (docs.slack.dev, "Slash commands"). */
function escape(argument: string, state: SlackState): string {
  const users = [...state.workspaces.values()].flatMap(({ users: of }) => [...of.values()]);
  return argument
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@([a-z0-9._-]+)/g, (whole, name: string) => {
      const user = users.find((one) => one.name === name);
      return user ? `<@${user.id}|${user.name}>` : whole;
    })
    .replace(/#([a-z0-9_-]+)/g, (whole, name: string) => {
      const channel = [...state.channels.values()].find((one) => one.name === name);
      return channel ? `<#${channel.id}|${channel.name}>` : whole;
    });
}
