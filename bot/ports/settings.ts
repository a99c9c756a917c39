import type { Customer, settingsPatch } from '@talktime/core/contract';
import type { z } from 'zod';
import type { SlackActor } from './actor';
import type { Refused } from './money';

export type Settings = Customer['settings'];
/** A change of settings as it is sent: what is left out stays as it is. */
export type SettingsChange = z.input<typeof settingsPatch>;

/** A customer's Manage panel as it was opened. */
export interface Panel {
  readonly customer: { readonly id: string; readonly name: string };
  readonly settings: Settings;
  readonly currency: string;
  /** What one credit is worth. */
  readonly creditValue: number;
}

export type SavedSettings =
  | {
      readonly kind: 'saved';
      readonly panel: Panel;
      /** As they were just before. */
      readonly before: Settings;
      /** Whether it had been saved before: a double click, or a request that Slack repeated. */
      readonly repeated: boolean;
    }
  /** By settings: what the core does not take. Nothing was changed. */
  | { readonly kind: 'invalid'; readonly errors: readonly { readonly setting: string; readonly message: string }[] }
  | Refused;

export interface SettingsData {
  /** Opens a customer's panel: what it holds is kept under the id that is answered, for half a day. */
  openSettings(
    actor: SlackActor,
    channelId: string | null,
    customerId: string,
  ): Promise<{ readonly kind: 'opened'; readonly panelId: string; readonly panel: Panel } | Refused>;
  /** The panel as it was opened. */
  openedSettings(
    actor: SlackActor,
    channelId: string | null,
    panelId: string,
  ): Promise<{ readonly kind: 'opened'; readonly panel: Panel } | Refused>;
  /** Changes what is in `change`, once for each opening, and leaves the rest as it is by now. */
  saveSettings(
    actor: SlackActor,
    channelId: string | null,
    panelId: string,
    change: SettingsChange,
  ): Promise<SavedSettings>;
}
