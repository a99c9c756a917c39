import { randomUUID } from 'node:crypto';
import type { Panel, SavedSettings, SettingsChange, SettingsData, SlackActor } from '@talktime/bot';
import { keepSlackDraft, markSlackDraft, readSlackDraft } from '@talktime/core/access';
import { settingsPatch, TalktimeError } from '@talktime/core/contract';
import { changeCustomer, lockCustomers, readCustomer, readMoney } from '@talktime/core/customers';
import type { Database, Transaction } from '@talktime/core/database';
import { toJsonNumber } from '@talktime/core/money';
import { accessOf, actorOf } from './actor';
import { Refusal, refusable } from './refusals';

/** A panel may stay open over lunch: only what was changed in it is sent, so that it grows no danger with its age. */
const PANEL_LASTS_MINUTES = 12 * 60;

interface Kept {
  readonly kind: 'settings';
  readonly panel: Panel;
}

/** A customer's settings, changed from Slack. */
export function settingsData(database: Database): SettingsData {
  return {
    openSettings: (actor, channelId, customerId) =>
      refusable(async () => {
        const partnerId = await requireManager(database, actor, channelId, customerId);
        const panel = await database.asPartner(partnerId, (transaction) =>
          readPanel(transaction, partnerId, customerId),
        );
        const panelId = randomUUID();
        const kept: Kept = { kind: 'settings', panel };
        await keepSlackDraft(database, partnerId, actor, panelId, kept);
        return { kind: 'opened', panelId, panel };
      }),

    openedSettings: (actor, channelId, panelId) =>
      refusable(async () => {
        const partnerId = await requireManager(database, actor, channelId, null);
        const { panel } = await database.asPartner(partnerId, (transaction) =>
          readKept(transaction, partnerId, actor, panelId),
        );
        await requireManager(database, actor, channelId, panel.customer.id);
        return { kind: 'opened', panel };
      }),

    async saveSettings(actor, channelId, panelId, change) {
      const parsed = settingsPatch.safeParse(change);
      if (!parsed.success)
        return {
          kind: 'invalid',
          errors: parsed.error.issues.map((issue) => ({ setting: String(issue.path[0]), message: inWords(issue) })),
        };
      try {
        return await refusable(async () => {
          const partnerId = await requireManager(database, actor, channelId, null);
          const { panel } = await database.asPartner(partnerId, (transaction) =>
            readKept(transaction, partnerId, actor, panelId),
          );
          const { id } = panel.customer;
          await requireManager(database, actor, channelId, id);
          return database.asPartner(partnerId, async (transaction): Promise<SavedSettings> => {
            const now = await lockCustomers(transaction, partnerId);
            const before = await readCustomer(transaction, partnerId, id);
            const isFirst = await markSlackDraft(transaction, partnerId, panelId);
            if (isFirst)
              try {
                await changeCustomer(transaction, partnerId, actorOf(actor), id, { settings: parsed.data }, now);
              } catch (error) {
                throw settingOf(error, change);
              }
            const after = await readPanel(transaction, partnerId, id);
            return { kind: 'saved', panel: after, before: before.settings, repeated: !isFirst };
          });
        });
      } catch (error) {
        if (error instanceof InvalidSetting)
          return { kind: 'invalid', errors: [{ setting: error.setting, message: error.detail }] };
        throw error;
      }
    },
  };
}

async function requireManager(
  database: Database,
  actor: SlackActor,
  channelId: string | null,
  customerId: string | null,
): Promise<string> {
  const access = await accessOf(database, actor, channelId);
  if (!access || (access.role !== 'owner' && access.role !== 'manager'))
    throw new Refusal('ROLE_REQUIRED', 'Only owners and managers change settings. Ask an owner for the role.');
  if (customerId !== null && access.customerId !== null && access.customerId !== customerId)
    throw new Refusal('CUSTOMER_ELSEWHERE', "This channel is another customer's. Do it in a channel of your own.");
  return access.partnerId;
}

async function readKept(
  transaction: Transaction,
  partnerId: string,
  actor: SlackActor,
  panelId: string,
): Promise<Kept> {
  const kept = await readSlackDraft(transaction, partnerId, actor, panelId, PANEL_LASTS_MINUTES);
  if (kept && (kept.draft as Partial<Kept>).kind === 'settings') return kept.draft as Kept;
  throw new Refusal('DRAFT_NOT_FOUND', 'This form was open for too long, or is not yours. Open the settings again.');
}

async function readPanel(transaction: Transaction, partnerId: string, customerId: string): Promise<Panel> {
  const { id, name, settings } = await readCustomer(transaction, partnerId, customerId);
  const { currency, creditValue } = await readMoney(transaction, partnerId);
  return { customer: { id, name }, settings, currency, creditValue: toJsonNumber(creditValue) };
}

/** A refusal of the core, with the setting that it is about. */
class InvalidSetting extends Error {
  constructor(
    readonly setting: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** The setting that a refusal names, or, where it names none, the one of those that were changed that it can be about. */
function settingOf(error: unknown, change: SettingsChange): unknown {
  if (!(error instanceof TalktimeError) || error.status >= 500) return error;
  const named = error.errors?.[0]?.path.replace(/^settings\./, '').split('.')[0];
  const setting =
    named ??
    (error.code === 'FUNDING_ALLOCATED'
      ? change.overdraft !== undefined && Number(change.overdraft) > 0
        ? 'overdraft'
        : 'grace_seconds'
      : error.code === 'RATE_REQUIRED' && change.shortfall_policy === 'partner'
        ? 'shortfall_policy'
        : error.code === 'NUMBER_RANGE' || error.code === 'RATE_REQUIRED'
          ? 'price_per_minute'
          : undefined);
  return setting === undefined ? error : new InvalidSetting(setting, plainly(error.detail));
}

/** Without the wire's name of the setting: the message stands under the input itself. */
function plainly(detail: string): string {
  const text = detail
    .replace(/^"[\w.]+" (is|has|cannot|must)/, 'This $1')
    .replace(' Send "price_per_minute" with it.', '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

type Issue = NonNullable<ReturnType<typeof settingsPatch.safeParse>['error']>['issues'][number];

function inWords(issue: Issue): string {
  switch (issue.code) {
    case 'too_big':
      return `At most ${Number(issue.maximum).toLocaleString('en-US')}.`;
    case 'too_small':
      return `At least ${Number(issue.minimum).toLocaleString('en-US')}.`;
    case 'invalid_type':
      return 'A whole number, such as 30.';
    default:
      return issue.message;
  }
}
