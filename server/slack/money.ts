import { randomUUID } from 'node:crypto';
import type { MoneyData, MoneyDraft, Preview, SlackActor } from '@talktime/bot';
import { audit, keepSlackDraft, markSlackDraft, readSlackDraft } from '@talktime/core/access';
import { getSuspendedCall, type Talktime } from '@talktime/core/calls';
import { parseCredits, type Mapping, type Plan } from '@talktime/core/contract';
import type { Database, Transaction } from '@talktime/core/database';
import { getCustomer, getPartner, insertMapping, listMappings, readCustomer } from '@talktime/core/customers';
import { applyWithin, lockPartner } from '@talktime/core/ledger';
import { applyPlanWithin } from '@talktime/core/plans';
import { creditsToMoney, formatDecimal, micro, toJsonNumber, type Microcredits } from '@talktime/core/money';
import { accessOf, actorOf } from './actor';
import { effectOf, moveOf, type Effect, type Move } from './moves';
import { Refusal, refusable } from './refusals';

/** A draft as it is kept: with what its confirmation showed. */
interface Kept {
  readonly draft: MoneyDraft;
  readonly expected: Expected;
}

interface Expected {
  readonly wallet: Effect['wallet'];
  /** Decimal credits, signed. */
  readonly amount: string;
  readonly size: string;
}

/** What else is kept under such ids (settings that are open) is no confirmation. */
const isKept = (draft: unknown): draft is Kept => typeof draft === 'object' && draft !== null && 'expected' in draft;

/** Credits moved from Slack: drafted, confirmed, and done once. */
export function moneyData(talktime: Talktime): MoneyData {
  const { database, ledger } = talktime;
  return {
    draft: (actor, channelId, draft) =>
      refusable(async () => {
        const mover = await moverOf(database, actor, channelId);
        const { partnerId } = mover;
        requireReach(mover, draft);
        const draftId = randomUUID();
        const move = await database.asPartner(partnerId, (transaction) =>
          moveOf(transaction, partnerId, actor, draftId, draft),
        );
        if (move.mapping) await requireUnmapped(database, partnerId, move.mapping);
        const [outcome] = await ledger.preview(partnerId, [move.command]);
        if (!outcome?.ok) throw outcome?.error ?? new Error('A preview has an outcome');
        if (outcome.replayed)
          throw new Refusal('DONE_ALREADY', 'This is settled already: there is nothing left to do.');
        const effect = effectOf(outcome.result);
        requireSameCustomer(draft, effect);
        requireWithinCap(mover.maxCredits, effect);
        const preview = await previewOf(database, partnerId, draft, move, effect);
        const kept: Kept = { draft, expected: expectedOf(effect) };
        await keepSlackDraft(database, partnerId, actor, draftId, kept);
        return { kind: 'drafted', draftId, preview };
      }),

    perform: (actor, channelId, draftId) =>
      refusable(async () => {
        const mover = await moverOf(database, actor, channelId);
        return database.asPartner(mover.partnerId, (transaction) => performWithin(transaction, mover, actor, draftId));
      }),
  };
}

/** Everything in one transaction: the operation, that the draft is done, and who did it; or nothing of it. */
async function performWithin(transaction: Transaction, mover: Mover, actor: SlackActor, draftId: string) {
  const { partnerId, maxCredits } = mover;
  const kept = await readSlackDraft(transaction, partnerId, actor, draftId);
  if (!kept || !isKept(kept.draft))
    throw new Refusal(
      'DRAFT_NOT_FOUND',
      'This confirmation has waited longer than half an hour, or is not yours. Start again.',
    );
  const { draft, expected } = kept.draft;
  requireReach(mover, draft);
  const { command, mapping, application } = await moveOf(transaction, partnerId, actor, draftId, draft);
  await lockPartner(transaction, partnerId);
  if (mapping && !kept.isPerformed) await map(transaction, partnerId, actor, mapping);
  const { result, replayed } = application
    ? await applyPlanWithin(transaction, partnerId, application)
    : await applyWithin(transaction, partnerId, command);
  const effect = effectOf(result);
  if (!replayed) {
    requireSameCustomer(draft, effect);
    requireWithinCap(maxCredits, effect);
    requireAsConfirmed(expected, effect);
    // Assigning and dismissing are in the audit log by the ledger itself.
    if (effect.operationId !== null && draft.kind !== 'assignment' && 'customerId' in draft)
      await audit(transaction, partnerId, actorOf(actor), `${draft.kind}.confirmed`, draft.customerId, {
        operation_id: effect.operationId,
        draft_id: draftId,
      });
  }
  await markSlackDraft(transaction, partnerId, draftId);
  const customerName =
    'customerId' in draft ? (await readCustomer(transaction, partnerId, draft.customerId)).name : null;
  return {
    kind: 'done' as const,
    draft,
    customerName,
    wallet: effect.wallet,
    amount: toJsonNumber(effect.amount),
    balance: toJsonNumber(effect.balanceAfter),
    repeated: replayed,
  };
}

async function map(transaction: Transaction, partnerId: string, actor: SlackActor, mapping: Mapping): Promise<void> {
  const { added } = await insertMapping(transaction, partnerId, mapping);
  if (added)
    await audit(transaction, partnerId, actorOf(actor), 'mapping.added', mapping.customer_id, { kind: mapping.kind });
}

interface Mover {
  readonly partnerId: string;
  /** The one customer that this channel is about; null: all of them. */
  readonly customerId: string | null;
  /** How many credits they may move at once; null: no cap. */
  readonly maxCredits: Microcredits | null;
}

/** Who may move credits. */
async function moverOf(database: Database, actor: SlackActor, channelId: string | null): Promise<Mover> {
  const access = await accessOf(database, actor, channelId);
  if (!access || (access.role !== 'owner' && access.role !== 'manager'))
    throw new Refusal('ROLE_REQUIRED', 'Only owners and managers move credits. Ask an owner for the role.');
  return access;
}

/** In a customer's channel that customer alone; calls that wait are about all of them. */
function requireReach({ customerId }: Mover, draft: MoneyDraft): void {
  if (customerId === null) return;
  if (draft.kind === 'assignment' || draft.kind === 'dismissal')
    throw new Refusal('CUSTOMER_ELSEWHERE', 'This channel is one customer’s. Settle calls in a channel of your own.');
  if (draft.customerId !== customerId)
    throw new Refusal(
      'CUSTOMER_ELSEWHERE',
      "This channel is another customer's. Do it in a channel of your own.",
      'customer',
    );
}

/** An operation is reversed for the customer whose it is, and for no other. */
function requireSameCustomer(draft: MoneyDraft, { customerId }: Effect): void {
  if (!('customerId' in draft) || draft.customerId === customerId) return;
  throw new Refusal('OPERATION_NOT_FOUND', 'This operation is not one of that customer’s. Choose again.', 'operation');
}

function requireWithinCap(most: Microcredits | null, { size }: Effect): void {
  if (most === null || size <= most) return;
  throw new Refusal(
    'ABOVE_CAP',
    `You may move ${formatDecimal(most)} credits at once, and this is ${formatDecimal(size)}. Ask an owner to do it, or to raise your cap.`,
    'amount',
  );
}

/** What was confirmed is done or nothing is: a price, or what is left of an operation, may have changed meanwhile. */
function requireAsConfirmed(expected: Expected, effect: Effect): void {
  const now = expectedOf(effect);
  if (now.amount === expected.amount && now.size === expected.size && now.wallet === expected.wallet) return;
  throw new Refusal(
    'CHANGED_MEANWHILE',
    `You confirmed ${expected.size} credits, and by now it would be ${now.size}${now.wallet === expected.wallet ? '' : ', from another balance'}. Start again to see what it comes to.`,
  );
}

function expectedOf({ wallet, amount, size }: Effect): Expected {
  return { wallet, amount: formatDecimal(amount), size: formatDecimal(size) };
}

async function requireUnmapped(database: Database, partnerId: string, mapping: Mapping): Promise<void> {
  const [taken] = await listMappings(database, partnerId, { kind: mapping.kind, value: mapping.value });
  if (!taken || taken.customer_id === mapping.customer_id) return;
  throw new Refusal(
    'MAPPING_TAKEN',
    `It belongs to the customer "${taken.customer_id}". Choose not to map it, or remove that mapping first.`,
    'map',
  );
}

async function previewOf(
  database: Database,
  partnerId: string,
  draft: MoneyDraft,
  { application, mapping }: Move,
  { wallet, amount, balanceAfter, call, renewsAt }: Effect,
): Promise<Preview> {
  const [partner, customer, suspended] = await Promise.all([
    getPartner(database, partnerId),
    'customerId' in draft ? getCustomer(database, partnerId, draft.customerId) : null,
    'callId' in draft
      ? database.asPartner(partnerId, (transaction) => getSuspendedCall(transaction, partnerId, draft.callId))
      : null,
  ]);
  const size = micro(amount < 0n ? -amount : amount);
  return {
    customerName: customer?.name ?? null,
    wallet,
    amount: toJsonNumber(amount),
    balanceBefore: toJsonNumber(balanceAfter - amount),
    balanceAfter: toJsonNumber(balanceAfter),
    currency: partner.currency,
    money: toJsonNumber(creditsToMoney(size, parseCredits(String(partner.credit_value), 'credit_value'))),
    ...(application && { plan: planPreview(application.plan, renewsAt) }),
    ...(suspended && {
      call: {
        seconds: suspended.raw_seconds,
        provider: suspended.provider,
        ...(call ?? { billedSeconds: null, creditsPerMinute: null, paidByPartner: 0, debt: 0 }),
      },
    }),
    ...(mapping && { mapped: { kind: mapping.kind, value: mapping.value } }),
  };
}

function planPreview(plan: Plan, renewsAt: Date | null): Preview['plan'] {
  const { name, minutes, price, currency, bonus, expires_after_days: expiresAfterDays, recurring } = plan;
  return { name, minutes, price, currency, bonus, expiresAfterDays, recurring, renewsAt };
}
