import type { Changed, PeopleData, Person } from '@talktime/bot';
import {
  getSlackSettings,
  listSlackChannels,
  listSlackRoles,
  removeSlackRole,
  setSlackRole,
  unlinkSlackChannel,
  updateSlackSettings,
} from '@talktime/core/access';
import { slackRoleSet, slackSettingsPatch, TalktimeError } from '@talktime/core/contract';
import { customerNames } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { actorOf } from './actor';

/** What owners decide on the Home tab. */
export function peopleData(database: Database): PeopleData {
  const namesOf = (partnerId: string, ids: readonly (string | null)[]) =>
    customerNames(database, partnerId, [...new Set(ids.filter((id) => id !== null))]);
  return {
    async roles(partnerId) {
      const roles = await listSlackRoles(database, partnerId);
      const names = await namesOf(
        partnerId,
        roles.map(({ customer_id }) => customer_id),
      );
      return roles.map((role) => ({ ...role, customer_name: names.get(role.customer_id ?? '') ?? null }));
    },

    setRole: (partnerId, actor, person, { role, customerId, maxCredits }) =>
      changed(async () => {
        const input = slackRoleSet.safeParse({
          role,
          ...(customerId === null ? {} : { customer_id: customerId }),
          max_credits: maxCredits,
        });
        if (!input.success) throw notAnAmount('max_credits');
        await setSlackRole(database, partnerId, actorOf(actor), person, input.data);
      }),

    removeRole: (partnerId, actor, person) =>
      changed(() => removeSlackRole(database, partnerId, actorOf(actor), person)),

    async ownersOf(partnerId, teamId, limit) {
      const roles = await listSlackRoles(database, partnerId);
      return roles
        .filter(({ role, team_id }) => role === 'owner' && team_id === teamId)
        .slice(0, limit)
        .map(({ team_id, user_id }): Person => ({ teamId: team_id, userId: user_id }));
    },

    async channelLinks(partnerId) {
      const links = await listSlackChannels(database, partnerId);
      const names = await namesOf(
        partnerId,
        links.map(({ customer_id }) => customer_id),
      );
      return links.map((link) => ({ ...link, customer_name: names.get(link.customer_id) ?? link.customer_id }));
    },

    unlinkChannel: (partnerId, actor, channelId) => unlinkSlackChannel(database, partnerId, actorOf(actor), channelId),

    slackSettings: (partnerId) => getSlackSettings(database, partnerId),

    setSlackSettings: (partnerId, actor, wanted) =>
      changed(async () => {
        const patch = slackSettingsPatch.safeParse(wanted);
        if (!patch.success) throw notAnAmount(String(patch.error.issues[0]?.path[0]));
        await updateSlackSettings(database, partnerId, actorOf(actor), patch.data);
      }),
  };
}

const NOT_AN_AMOUNT = 'This is not an amount of credits. Type one such as 500, or nothing.';

function notAnAmount(path: string): TalktimeError {
  return new TalktimeError('REQUEST_INVALID', NOT_AN_AMOUNT, [{ path, message: NOT_AN_AMOUNT }]);
}

/** The inputs of the forms, where they are called otherwise than in the API. */
const INPUT: Readonly<Record<string, string>> = { customer_id: 'customer' };

/** A refusal of the core is an answer; a fault is not. */
async function changed(work: () => Promise<unknown>): Promise<Changed> {
  try {
    await work();
    return { kind: 'changed' };
  } catch (error) {
    if (!(error instanceof TalktimeError) || error.status >= 500) throw error;
    const { code, detail, errors } = error;
    const path = errors?.[0]?.path ?? FIELDS[code] ?? null;
    // The core names its field, which nobody sees here.
    const said = code.startsWith('NUMBER_') ? NOT_AN_AMOUNT : detail;
    return { kind: 'refused', code, detail: said, field: path && (INPUT[path] ?? path) };
  }
}

/** The input that a refusal is about when it does not say so itself. */
const FIELDS: Partial<Record<TalktimeError['code'], string>> = { CUSTOMER_NOT_FOUND: 'customer' };
