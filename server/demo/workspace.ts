import { draw, type Message } from '@talktime/bot';
import manifest from '@talktime/bot/manifest.json';
import { colourful } from './screen';
import { startFakeSlack, type FakeSlack, type Person, type StoredMessage } from './slack';

/** The agency's workspace, with a channel for its alerts and one that it shares with a client. */
export const TEAM = 'T0BRIGHT';
export const ALERTS = 'C0ALERTS';
export const WITH_ACME = 'C0ACME';
export const MIA = 'U0MIA';
export const SAM = 'U0SAM';
const NAMES: Record<string, string> = { [ALERTS]: 'credit-alerts', [WITH_ACME]: 'acme-dental' };

export const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const BOT_TOKEN = 'xoxb-demo-brightline-voice';

const PATIENCE_MILLISECONDS = 15_000;

/** A message of the channel for alerts as it stands now. */
export interface ShownAlert {
  readonly text: string;
  /** As Slack shows it, for the terminal. */
  readonly drawing: string;
  readonly ts: string;
  /** Whether it was written over: it is the message of the same episode. */
  readonly edited: boolean;
}

/** Slack on this machine, with two people in it: Mia of the agency, and Sam, who is a client's and there as a guest. */
export class DemoWorkspace {
  /** What a message said when it was last looked at, by its ts. */
  readonly #seen = new Map<string, string>();

  private constructor(readonly slack: FakeSlack) {}

  static async start(): Promise<DemoWorkspace> {
    const slack = await startFakeSlack({
      app: { signingSecret: SIGNING_SECRET, manifest },
      patience: PATIENCE_MILLISECONDS,
      workspaces: [
        {
          id: TEAM,
          name: 'Brightline Voice',
          tokens: [BOT_TOKEN],
          users: [
            { id: MIA, name: 'mia', realName: 'Mia Berger', admin: true },
            { id: SAM, name: 'sam', realName: 'Sam Okafor (Acme Dental)', guest: true },
          ],
          channels: [
            { id: ALERTS, name: NAMES[ALERTS], members: [MIA] },
            { id: WITH_ACME, name: NAMES[WITH_ACME], members: [MIA, SAM] },
          ],
        },
      ],
    });
    return new DemoWorkspace(slack);
  }

  get mia(): Person {
    return this.slack.person(TEAM, MIA);
  }

  get sam(): Person {
    return this.slack.person(TEAM, SAM);
  }

  /** Alerts that nobody has looked at yet. */
  get waiting(): number {
    return this.#changed().length;
  }

  /** The next alert, or the next change of one, as soon as it is there. */
  async nextAlert(): Promise<ShownAlert> {
    const message = await this.slack.until(() => this.#changed()[0], 'an alert');
    this.#seen.set(message.ts, message.text);
    const { text, ts, edited } = message;
    return { text, ts, edited, drawing: this.drawing(message) };
  }

  /** A message as Slack shows it, for the terminal. */
  drawing(message: StoredMessage): string {
    return draw(message as unknown as Message, {
      colour: colourful,
      channel: `#${NAMES[message.channel] ?? message.channel}`,
      time: new Date(Number(message.ts) * 1000).toISOString().slice(11, 16),
      edited: message.edited,
    });
  }

  stop(): Promise<void> {
    return this.slack.close();
  }

  #changed(): StoredMessage[] {
    return this.slack.messages.filter(
      ({ channel, thread_ts, ts, text }) => channel === ALERTS && thread_ts === null && this.#seen.get(ts) !== text,
    );
  }
}
