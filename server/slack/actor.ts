import type { AccessData, SlackActor } from '@talktime/bot';
import { bindingOf, slackAccess } from '@talktime/core/access';
import type { Database } from '@talktime/core/database';
import { toJsonNumber } from '@talktime/core/money';

/** Who somebody in Slack is to the ledger and the audit log. */
export const actorOf = ({ teamId, userId }: SlackActor) => ({ id: `slack:${teamId}/${userId}`, host: false });

/** The workspace whose installation heard the actor. */
const heardIn = ({ teamId, installedTeamId, enterpriseId }: SlackActor) => ({
  teamId: installedTeamId ?? teamId,
  enterpriseId,
});

/** What somebody may see and do; their cap in exact microcredits. */
export const accessOf = (database: Database, actor: SlackActor, channelId: string | null) =>
  slackAccess(database, actor, heardIn(actor), channelId);

export function accessData(database: Database): AccessData {
  return {
    async partnerOf(actor) {
      return (await bindingOf(database, heardIn(actor)))?.partnerId ?? null;
    },
    async accessOf(actor, channelId) {
      const access = await accessOf(database, actor, channelId);
      return access && { ...access, maxCredits: access.maxCredits === null ? null : toJsonNumber(access.maxCredits) };
    },
  };
}
