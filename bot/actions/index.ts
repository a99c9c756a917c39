import type { App } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import { ALERT_BUTTONS } from './alerts';
import { registerButtons, type ButtonListener } from './button';
import { HOME_BUTTONS } from './home';
import { PAGE_BUTTONS } from './pages';
import { PAYMENT_BUTTONS } from './payments';
import { PEOPLE_BUTTONS } from './people';
import { settingsButton } from './settings';
import { suspenseButtons } from './suspense';
import { topUpButton } from './top-up';

export const BUTTONS: readonly ButtonListener[] = [
  ...[topUpButton, settingsButton, ...suspenseButtons, ...ALERT_BUTTONS],
  ...[...PAGE_BUTTONS, ...HOME_BUTTONS, ...PEOPLE_BUTTONS, ...PAYMENT_BUTTONS],
];

/** Listens to buttons. */
export function register(app: App, dependencies: BotDependencies): void {
  registerButtons(app, BUTTONS, dependencies);
}
