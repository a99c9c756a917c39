import type { z } from 'zod';
import { parseCreditsFromZero, type SlackRole, type slackRoleSet } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import type { Actor } from '../../ledger/commands';
import { toJsonNumber, type Microcredits } from '../../money';
import { audit } from '../audit';
import type { SlackPerson } from './access';
import type { SlackRoleName } from './decide';

const MOST_ROLES = 1000;

interface RoleRow {
  team_id: string;
  user_id: string;
  role: SlackRoleName;
  customer_id: string | null;
  max_credits: Microcredits | null;
  created_at: Date;
}

/** Who was given a role in a partner's matters: owners first, then by name of the role and oldest first. */
export async function listSlackRoles(database: Database, partnerId: string): Promise<SlackRole[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<RoleRow>(
      `select team_id, user_id, role, customer_id, max_credits, created_at from talktime.slack_roles
       where partner_id = $1
       order by role <> 'owner', role, created_at, team_id, user_id limit $2`,
      [partnerId, MOST_ROLES],
    ),
  );
  return rows.map(toSlackRole);
}

/**
 * The role that somebody was given.
 *
 * @throws TalktimeError SLACK_ROLE_NOT_FOUND
 */
export async function getSlackRole(database: Database, partnerId: string, person: SlackPerson): Promise<SlackRole> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<RoleRow>(
      `select team_id, user_id, role, customer_id, max_credits, created_at from talktime.slack_roles
       where partner_id = $1 and team_id = $2 and user_id = $3`,
      [partnerId, person.teamId, person.userId],
    ),
  );
  if (!row) throw noRole(person);
  return toSlackRole(row);
}

/**
 * Gives somebody a role, in place of the one they have.
 *
 * @throws TalktimeError CUSTOMER_NOT_FOUND, REQUEST_INVALID, SLACK_ROLE_LIMIT, or SLACK_LAST_OWNER when nobody would be
 *   left who may give roles
 */
export async function setSlackRole(
  database: Database,
  partnerId: string,
  actor: Actor,
  person: SlackPerson,
  input: z.output<typeof slackRoleSet>,
): Promise<SlackRole> {
  const customerId = input.customer_id ?? null;
  requireFitting(input.role, customerId, input.max_credits != null);
  const maxCredits = input.max_credits == null ? null : parseCreditsFromZero(input.max_credits, 'max_credits');
  return database.asPartner(partnerId, async (transaction) => {
    if (customerId !== null) await requireCustomer(transaction, partnerId, customerId);
    if (input.role !== 'owner') await requireAnotherOwner(transaction, partnerId, person);
    const [row] = await transaction.query<RoleRow>(
      `insert into talktime.slack_roles (partner_id, team_id, user_id, role, customer_id, max_credits)
       select $1, $2, $3, $4, $5, $6
       where (select count(*) from talktime.slack_roles where partner_id = $1) < $7
         or exists (select 1 from talktime.slack_roles where partner_id = $1 and team_id = $2 and user_id = $3)
       on conflict (partner_id, team_id, user_id) do update
         set role = excluded.role, customer_id = excluded.customer_id, max_credits = excluded.max_credits
       returning team_id, user_id, role, customer_id, max_credits, created_at`,
      [partnerId, person.teamId, person.userId, input.role, customerId, maxCredits, MOST_ROLES],
    );
    if (!row)
      throw new TalktimeError('SLACK_ROLE_LIMIT', `There are ${MOST_ROLES} roles already. Take one away first.`);
    await audit(transaction, partnerId, actor, 'slack_role.set', subjectOf(person), {
      role: input.role,
      customer_id: customerId,
      max_credits: maxCredits === null ? null : toJsonNumber(maxCredits),
    });
    return toSlackRole(row);
  });
}

/**
 * Takes somebody's role away.
 *
 * @throws TalktimeError SLACK_ROLE_NOT_FOUND, or SLACK_LAST_OWNER when nobody would be left who may give roles
 */
export async function removeSlackRole(
  database: Database,
  partnerId: string,
  actor: Actor,
  person: SlackPerson,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    await requireAnotherOwner(transaction, partnerId, person);
    const rows = await transaction.query(
      'delete from talktime.slack_roles where partner_id = $1 and team_id = $2 and user_id = $3 returning user_id',
      [partnerId, person.teamId, person.userId],
    );
    if (rows.length === 0) throw noRole(person);
    await audit(transaction, partnerId, actor, 'slack_role.removed', subjectOf(person), {});
  });
}

/** Makes whoever installed the app an owner, and leaves an owner as they are. In the transaction of the installation. */
export async function makeOwner(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  person: SlackPerson,
): Promise<void> {
  const made = await transaction.query(
    `insert into talktime.slack_roles (partner_id, team_id, user_id, role) values ($1, $2, $3, 'owner')
     on conflict (partner_id, team_id, user_id) do update set role = 'owner', customer_id = null, max_credits = null
     where slack_roles.role <> 'owner'
     returning user_id`,
    [partnerId, person.teamId, person.userId],
  );
  if (made.length === 0) return;
  await audit(transaction, partnerId, actor, 'slack_role.set', subjectOf(person), {
    role: 'owner',
    customer_id: null,
    max_credits: null,
  });
}

/** The owners stay locked until the transaction ends, so that of two who leave at once one stays. */
async function requireAnotherOwner(transaction: Transaction, partnerId: string, person: SlackPerson): Promise<void> {
  const owners = await transaction.query<{ team_id: string; user_id: string }>(
    `select team_id, user_id from talktime.slack_roles where partner_id = $1 and role = 'owner'
     order by team_id, user_id for update`,
    [partnerId],
  );
  const [last] = owners;
  if (owners.length === 1 && last?.team_id === person.teamId && last.user_id === person.userId)
    throw new TalktimeError(
      'SLACK_LAST_OWNER',
      `${person.userId} is the last owner. Make somebody else an owner first.`,
    );
}

export async function requireCustomer(transaction: Transaction, partnerId: string, customerId: string): Promise<void> {
  const rows = await transaction.query('select 1 from talktime.customers where partner_id = $1 and customer_id = $2', [
    partnerId,
    customerId,
  ]);
  if (rows.length === 0) throw new TalktimeError('CUSTOMER_NOT_FOUND', `There is no customer "${customerId}".`);
}

function requireFitting(role: SlackRoleName, customerId: string | null, hasCap: boolean): void {
  if ((role === 'customer') !== (customerId !== null)) {
    const message =
      role === 'customer' ? 'is needed with the role customer' : 'belongs to the role customer and to no other';
    throw new TalktimeError('REQUEST_INVALID', `customer_id ${message}.`, [{ path: 'customer_id', message }]);
  }
  if (hasCap && role !== 'owner' && role !== 'manager') {
    const message = 'is for owners and managers: the others move no credits';
    throw new TalktimeError('REQUEST_INVALID', `max_credits ${message}.`, [{ path: 'max_credits', message }]);
  }
}

const noRole = ({ teamId, userId }: SlackPerson) =>
  new TalktimeError('SLACK_ROLE_NOT_FOUND', `${userId} of ${teamId} has no role. The list of roles shows who has one.`);

const subjectOf = ({ teamId, userId }: SlackPerson) => `slack:${teamId}/${userId}`;

function toSlackRole(row: RoleRow): SlackRole {
  return {
    team_id: row.team_id,
    user_id: row.user_id,
    role: row.role,
    customer_id: row.customer_id,
    max_credits: row.max_credits === null ? null : toJsonNumber(row.max_credits),
    created_at: row.created_at.toISOString(),
  };
}
