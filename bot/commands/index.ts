import type { App } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import { credits } from './credits';

/**
 * Every command that is sent here is served as /credits, whatever name the manifest gave it: a command without a listener
 * would time out in the user's face.
 */
export function register(app: App, dependencies: BotDependencies): void {
  app.command(/./, credits(dependencies));
}
