/** Links to install the Slack app. Apart from the bot, which takes the command line half a second to load. */
import { createInstallToken, type Actor } from '@talktime/core/access';
import type { SlackInstallLink } from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';

/** Where the bot answers them: its INSTALL_PATH. A test follows a link from here to there. */
const INSTALL_PATH = '/slack/install';

/** Where the install links of a service lead; undefined when workspaces cannot install its Slack app. */
export function slackInstallAddress(
  slack: { readonly oauth?: object | null } | null | undefined,
  publicUrl: string | undefined,
): string | undefined {
  return slack?.oauth && publicUrl !== undefined ? publicUrl + INSTALL_PATH : undefined;
}

/** Makes a link by which somebody installs the Slack app for a partner, once, within the hour. */
export async function createInstallLink(
  database: Database,
  partnerId: string,
  actor: Actor,
  address: string,
): Promise<SlackInstallLink> {
  const { token, expiresAt } = await createInstallToken(database, partnerId, actor);
  return { url: `${address}?link=${token}`, expires_at: expiresAt.toISOString() };
}
