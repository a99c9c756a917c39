import { randomUUID } from 'node:crypto';
import type { Database } from '../../database';
import type { SlackPerson } from './access';

/** How long what somebody is about to do waits for their confirmation, in minutes. */
export const DRAFT_LASTS_MINUTES = 30;

/** Keeps what somebody is about to do until they confirm it. Answers its opaque id. Old ones are forgotten on the way. */
export async function keepSlackDraft(
  database: Database,
  partnerId: string,
  { teamId, userId }: SlackPerson,
  draft: object,
): Promise<string> {
  const draftId = randomUUID();
  await database.asPartner(partnerId, async (transaction) => {
    transaction.send(
      `delete from talktime.slack_drafts where partner_id = $1 and created_at < clock_timestamp() - interval '1 day'`,
      [partnerId],
    );
    transaction.send(
      'insert into talktime.slack_drafts (partner_id, draft_id, team_id, user_id, draft) values ($1, $2, $3, $4, $5)',
      [partnerId, draftId, teamId, userId, JSON.stringify(draft)],
    );
    await Promise.resolve();
  });
  return draftId;
}

/**
 * What somebody confirms: only who drafted it may. null when there is no such draft of theirs, or when it has waited too
 * long; one that was confirmed before is answered for as long as it is kept, so that a repetition can be answered alike.
 */
export async function readSlackDraft(
  database: Database,
  partnerId: string,
  { teamId, userId }: SlackPerson,
  draftId: string,
): Promise<unknown> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ draft: unknown }>(
      `select draft from talktime.slack_drafts
       where partner_id = $1 and draft_id = $2 and team_id = $3 and user_id = $4
         and (performed_at is not null or created_at > clock_timestamp() - make_interval(mins => $5))`,
      [partnerId, draftId, teamId, userId, DRAFT_LASTS_MINUTES],
    ),
  );
  return row?.draft ?? null;
}

/** Writes down that a draft was done. */
export async function markSlackDraft(database: Database, partnerId: string, draftId: string): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'update talktime.slack_drafts set performed_at = clock_timestamp() where partner_id = $1 and draft_id = $2 and performed_at is null',
      [partnerId, draftId],
    ),
  );
}
