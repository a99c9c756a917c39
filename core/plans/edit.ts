import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import {
  parseCredits,
  parseCreditsFromZero,
  parseMillionths,
  type Plan,
  type planCreate,
  type planUpdate,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { readMoney } from '../customers';
import { lockPartner, type Actor } from '../ledger';
import { readPlan } from './plans';
import { PLAN_COLUMNS, toPlan, type PlanRow } from './rows';

type Fields = Omit<PlanRow, 'plan_id' | 'created_at' | 'updated_at'>;

/** Creates a pack or a recurring plan. Making it the popular one takes that from the plan that was. */
export async function createPlan(
  database: Database,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof planCreate>,
): Promise<Plan> {
  const planId = input.id ?? `plan_${randomBytes(8).toString('hex')}`;
  const { name, description, active, popular } = input;
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const { currency } = await readMoney(transaction, partnerId);
    const fields: Fields = { ...NOTHING, ...termsOf(input), currency, name, description, active, popular };
    if (popular) await unsetPopular(transaction, partnerId);
    const [row] = await transaction.query<PlanRow & Record<string, unknown>>(
      `insert into talktime.plans (partner_id, plan_id, ${COLUMNS.join(', ')})
       values ($1, $2, ${COLUMNS.map((_, index) => `$${index + 3}`).join(', ')})
       on conflict do nothing
       returning ${PLAN_COLUMNS}`,
      [partnerId, planId, ...COLUMNS.map((column) => fields[column])],
    );
    if (!row) throw new TalktimeError('PLAN_EXISTS', `There is a plan "${planId}" already. Choose another id.`);
    await audit(transaction, partnerId, actor, 'plan.created', planId, { ...input });
    return toPlan(row);
  });
}

/** Changes a plan from now on. What was sold before stays as it was sold: each application keeps its own terms. */
export async function updatePlan(
  database: Database,
  partnerId: string,
  actor: Actor,
  planId: string,
  change: z.output<typeof planUpdate>,
): Promise<Plan> {
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const before = await readPlan(transaction, partnerId, planId);
    const { currency } = await readMoney(transaction, partnerId);
    const { name = before.name, description = before.description } = change;
    const { active = before.active, popular = before.popular } = change;
    const fields: Fields = {
      ...before,
      ...termsOf(change),
      // A new price is in the currency that the partner has by now.
      ...(change.price !== undefined && { currency }),
      name,
      description,
      active,
      popular,
    };
    if (fields.period !== null && fields.expires_after_days !== null)
      throw new TalktimeError(
        'REQUEST_INVALID',
        'The credits of a recurring plan go at the end of their period. Send "expires_after_days": null with it, or "recurring": null.',
        [{ path: 'expires_after_days', message: 'not of a recurring plan' }],
      );
    const changed = COLUMNS.filter((column) => fields[column] !== before[column]);
    if (changed.length === 0) return toPlan(before);
    if (popular && !before.popular) await unsetPopular(transaction, partnerId);
    const [row] = await transaction.query<PlanRow & Record<string, unknown>>(
      `update talktime.plans
       set (${COLUMNS.join(', ')}, updated_at) = row(${COLUMNS.map((_, index) => `$${index + 3}`).join(', ')}, talktime.clock())
       where partner_id = $1 and plan_id = $2
       returning ${PLAN_COLUMNS}`,
      [partnerId, planId, ...COLUMNS.map((column) => fields[column])],
    );
    const after = toPlan(row!);
    await audit(transaction, partnerId, actor, 'plan.changed', planId, differences(toPlan(before), after));
    return after;
  });
}

/** Every column that is set by hand. */
const COLUMNS = [
  'name',
  'description',
  'credits',
  'minutes',
  'bonus',
  'price',
  'currency',
  'expires_after_days',
  'period',
  'period_every',
  'rollover_share',
  'rollover_cap',
  'active',
  'popular',
] as const satisfies readonly (keyof Fields)[];

const NOTHING = {
  credits: null,
  minutes: null,
  bonus: 0n as PlanRow['bonus'],
  price: 0n,
  expires_after_days: null,
  period: null,
  period_every: null,
  rollover_share: null,
  rollover_cap: null,
};

/** The terms that a request names, as they are stored. */
function termsOf(
  input: Omit<z.output<typeof planUpdate>, 'name' | 'description' | 'active' | 'popular'>,
): Partial<Fields> {
  const { credits, minutes, price, bonus, expires_after_days, recurring } = input;
  return {
    ...(credits !== undefined && {
      credits: requirePositive(parseCredits(credits, 'credits'), 'credits'),
      minutes: null,
    }),
    ...(minutes !== undefined && {
      minutes: requirePositive(parseMillionths(minutes, 'minutes'), 'minutes'),
      credits: null,
    }),
    ...(price !== undefined && { price: parseCreditsFromZero(price, 'price') }),
    ...(bonus !== undefined && { bonus: parseCreditsFromZero(bonus, 'bonus') }),
    ...(expires_after_days !== undefined && { expires_after_days }),
    ...(recurring !== undefined && recurringColumns(recurring)),
  };
}

type Recurring = z.output<typeof planCreate>['recurring'];

function recurringColumns(
  recurring: Recurring,
): Pick<Fields, 'period' | 'period_every' | 'rollover_share' | 'rollover_cap'> {
  const rollover = recurring?.rollover ?? null;
  return {
    period: recurring?.period ?? null,
    period_every: recurring?.every ?? null,
    rollover_share: rollover && Number(shareOf(rollover.share)),
    rollover_cap:
      rollover === null || rollover.cap === null ? null : parseCreditsFromZero(rollover.cap, 'recurring.rollover.cap'),
  };
}

const WHOLE = 1_000_000n;

function shareOf(text: string): bigint {
  const path = 'recurring.rollover.share';
  const share = parseMillionths(text, path);
  if (share >= 0n && share <= WHOLE) return share;
  throw new TalktimeError('REQUEST_INVALID', `"${path}" is a share, from 0 to 1: 0.5 is half.`, [
    { path, message: 'must be from 0 to 1' },
  ]);
}

async function unsetPopular(transaction: Transaction, partnerId: string): Promise<void> {
  await transaction.query('update talktime.plans set popular = false where partner_id = $1 and popular', [partnerId]);
}

function differences(before: Plan, after: Plan): Record<string, { from: unknown; to: unknown }> {
  const names = Object.keys(after) as (keyof Plan)[];
  return Object.fromEntries(
    names
      .filter((name) => name !== 'updated_at' && JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, { from: before[name], to: after[name] }]),
  );
}

function requirePositive<T extends bigint>(value: T, field: string): T {
  if (value <= 0n)
    throw new TalktimeError('AMOUNT_NOT_POSITIVE', `"${field}" must be above zero.`, [
      { path: field, message: 'must be above zero' },
    ]);
  return value;
}
