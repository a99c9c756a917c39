import type { App } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import { ALERT_BUTTONS } from './alerts';
import { registerButtons, type ButtonListener } from './button';
import { PAGE_BUTTONS } from './pages';
import { topUpButton } from './top-up';

const BUTTONS: readonly ButtonListener[] = [topUpButton, ...PAGE_BUTTONS, ...ALERT_BUTTONS];

/** Listens to buttons. */
export function register(app: App, dependencies: BotDependencies): void {
  registerButtons(app, BUTTONS, dependencies);
}
