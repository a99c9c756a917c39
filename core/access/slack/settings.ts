import type { z } from 'zod';
import { parseCreditsFromZero, type SlackSettings, type slackSettingsPatch } from '../../contract';
import type { Database, Transaction } from '../../database';
import type { Actor } from '../../ledger/commands';
import { toJsonNumber, type Microcredits } from '../../money';
import { audit } from '../audit';

/** 10,000 credits: what one action of a manager may move unless the partner says otherwise. */
export const USUAL_MANAGER_CAP = 10_000_000_000n as Microcredits;

interface SettingsRow {
  readonly members_may_view: boolean | null;
  readonly manager_max_credits: Microcredits | null;
  readonly owner_max_credits: Microcredits | null;
}

const USUAL: SettingsRow = { members_may_view: null, manager_max_credits: USUAL_MANAGER_CAP, owner_max_credits: null };

/** What people in Slack may do unless their role says otherwise. */
export async function getSlackSettings(database: Database, partnerId: string): Promise<SlackSettings> {
  return toSettings(await database.asPartner(partnerId, (transaction) => readSettings(transaction, partnerId)));
}

/** Changes what people in Slack may do. What is left out stays as it is. */
export async function updateSlackSettings(
  database: Database,
  partnerId: string,
  actor: Actor,
  patch: z.output<typeof slackSettingsPatch>,
): Promise<SlackSettings> {
  const cap = (field: 'manager_max_credits' | 'owner_max_credits', before: Microcredits | null) => {
    const text = patch[field];
    return text == null ? (text === null ? null : before) : parseCreditsFromZero(text, field);
  };
  return database.asPartner(partnerId, async (transaction) => {
    await transaction.query(
      'insert into talktime.slack_settings (partner_id) values ($1) on conflict (partner_id) do nothing',
      [partnerId],
    );
    await transaction.query('select 1 from talktime.slack_settings where partner_id = $1 for update', [partnerId]);
    const before = await readSettings(transaction, partnerId);
    const after: SettingsRow = {
      members_may_view: patch.members_may_view === undefined ? before.members_may_view : patch.members_may_view,
      manager_max_credits: cap('manager_max_credits', before.manager_max_credits),
      owner_max_credits: cap('owner_max_credits', before.owner_max_credits),
    };
    await transaction.query(
      `update talktime.slack_settings
       set members_may_view = $2, manager_max_credits = $3, owner_max_credits = $4 where partner_id = $1`,
      [partnerId, after.members_may_view, after.manager_max_credits, after.owner_max_credits],
    );
    await audit(transaction, partnerId, actor, 'slack_settings.updated', 'slack', {
      fields: Object.keys(patch).sort(),
    });
    return toSettings(after);
  });
}

/** The settings as they are kept; the usual ones where a partner never changed any. */
export async function readSettings(transaction: Transaction, partnerId: string): Promise<SettingsRow> {
  const [row] = await transaction.query<SettingsRow & Record<string, unknown>>(
    'select members_may_view, manager_max_credits, owner_max_credits from talktime.slack_settings where partner_id = $1',
    [partnerId],
  );
  return row ?? USUAL;
}

const numberOf = (amount: Microcredits | null) => (amount === null ? null : toJsonNumber(amount));

const toSettings = (row: SettingsRow): SlackSettings => ({
  members_may_view: row.members_may_view,
  manager_max_credits: numberOf(row.manager_max_credits),
  owner_max_credits: numberOf(row.owner_max_credits),
});
