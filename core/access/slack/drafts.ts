import type { Database, Transaction } from '../../database';
import type { SlackPerson } from './access';

/** How long what somebody is about to do waits for their confirmation, in minutes. */
export const DRAFT_LASTS_MINUTES = 30;

/** What somebody began, and whether it was done. */
export interface SlackDraft {
  readonly draft: unknown;
  readonly isPerformed: boolean;
}

/** Keeps what somebody is about to do under an id (a UUID) until they confirm it. Old ones are forgotten on the way. */
export async function keepSlackDraft(
  database: Database,
  partnerId: string,
  { teamId, userId }: SlackPerson,
  draftId: string,
  draft: object,
): Promise<void> {
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
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What somebody confirms: only who drafted it may. null when there is no such draft of theirs, or when it has waited too
 * long; one that was confirmed before is answered for as long as it is kept, so that a repetition can be answered alike.
 */
export async function readSlackDraft(
  transaction: Transaction,
  partnerId: string,
  { teamId, userId }: SlackPerson,
  draftId: string,
  lastsMinutes = DRAFT_LASTS_MINUTES,
): Promise<SlackDraft | null> {
  if (!UUID.test(draftId)) return null;
  const [row] = await transaction.query<{ draft: unknown; performed: boolean }>(
    `select draft, performed_at is not null as performed from talktime.slack_drafts
     where partner_id = $1 and draft_id = $2 and team_id = $3 and user_id = $4
       and (performed_at is not null or created_at > clock_timestamp() - make_interval(mins => $5))`,
    [partnerId, draftId, teamId, userId, lastsMinutes],
  );
  return row ? { draft: row.draft, isPerformed: row.performed } : null;
}

/**
 * Writes down that a draft was done, in the transaction that does it.
 * @returns whether this was the first time; the row stays locked until the transaction ends
 */
export async function markSlackDraft(transaction: Transaction, partnerId: string, draftId: string): Promise<boolean> {
  const rows = await transaction.query(
    `update talktime.slack_drafts set performed_at = clock_timestamp()
     where partner_id = $1 and draft_id = $2 and performed_at is null returning draft_id`,
    [partnerId, draftId],
  );
  return rows.length > 0;
}
