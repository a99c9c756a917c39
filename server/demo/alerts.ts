import { createConsoleAlertChannel } from '@talktime/bot';
import type { AlertChannel, AlertNotice, PostedMessage } from '@talktime/core/alerts';
import { DemoFailure } from './checks';
import { colourful } from './screen';

const PATIENCE_MILLISECONDS = 15_000;

/** An alert as it reached the channel. */
export interface ShownAlert {
  readonly notice: AlertNotice;
  /** As Slack shows it. */
  readonly drawing: string;
  readonly message: PostedMessage;
  /** The message that it was written over; null for a new one. */
  readonly replaced: PostedMessage | null;
}

/** Stands where Slack stands: keeps what the dispatcher delivers until the demo asks for it. */
export class AlertInbox {
  readonly channel: AlertChannel;
  readonly #shown: ShownAlert[] = [];
  #arrived: () => void = () => undefined;

  constructor() {
    let drawing = '';
    const console = createConsoleAlertChannel({
      write: (text) => void (drawing = text),
      colour: colourful,
      channelName: 'credit-alerts',
    });
    this.channel = {
      deliver: async (delivery) => {
        const { content, previous: replaced } = delivery;
        const outcome = await console.deliver(delivery);
        if (outcome.kind === 'delivered' && content.kind === 'episode')
          this.#shown.push({ notice: content.notice, drawing, message: outcome.message, replaced });
        this.#arrived();
        return outcome;
      },
    };
  }

  get waiting(): number {
    return this.#shown.length;
  }

  /** The next alert, as soon as it is there. */
  async next(): Promise<ShownAlert> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    while (this.#shown.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) throw new DemoFailure('the alert did not arrive within 15 seconds');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#shown.shift()!;
  }
}
