import type { App } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import { registerButtons, type ButtonListener } from './button';
import { settingsButton } from './settings';
import { suspenseButtons } from './suspense';
import { topUpButton } from './top-up';

const BUTTONS: readonly ButtonListener[] = [topUpButton, settingsButton, ...suspenseButtons];

/** Listens to buttons. */
export function register(app: App, dependencies: BotDependencies): void {
  registerButtons(app, BUTTONS, dependencies);
}
