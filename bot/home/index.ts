import type { App } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import { publishHome } from './publish';

/** Shows the Home tab to whoever opens it. */
export function register(app: App, dependencies: BotDependencies): void {
  app.event('app_home_opened', async ({ event, body, client, context }) => {
    // The Messages tab of the app tells of being opened, too.
    if (event.tab !== 'home') return;
    const actor = {
      teamId: body.team_id,
      enterpriseId: context.enterpriseId ?? null,
      userId: event.user,
      ...(context.teamId === undefined ? {} : { installedTeamId: context.teamId }),
    };
    await publishHome(client, actor, dependencies);
  });
}
