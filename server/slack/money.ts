import type { MoneyData, MoneyDraft, Preview, Refused, SlackActor } from '@talktime/bot';
import { keepSlackDraft, markSlackDraft, readSlackDraft } from '@talktime/core/access';
import type { Talktime } from '@talktime/core/calls';
import { parseCredits, TalktimeError, type Operation } from '@talktime/core/contract';
import { getCustomer, getPartner } from '@talktime/core/customers';
import { adjust, topUp } from '@talktime/core/ledger';
import { creditsToMoney, formatDecimal, micro, toJsonNumber, type Microcredits } from '@talktime/core/money';
import { accessOf, actorOf } from './actor';

/** Credits moved from Slack: drafted, confirmed, and done once. */
export function moneyData(talktime: Talktime): MoneyData {
  const { database } = talktime;
  return {
    draft: (actor, channelId, draft) =>
      refusable(async () => {
        const { partnerId, maxCredits } = await mover(talktime, actor, channelId, draft);
        const preview = await previewOf(talktime, partnerId, draft);
        requireWithinCap(preview.moved, maxCredits);
        const draftId = await keepSlackDraft(database, partnerId, actor, draft);
        return { kind: 'drafted', draftId, preview: preview.shown };
      }),

    perform: (actor, channelId, draftId) =>
      refusable(async () => {
        const access = await accessOf(database, actor, channelId);
        const draft =
          access && ((await readSlackDraft(database, access.partnerId, actor, draftId)) as MoneyDraft | null);
        if (!draft)
          return refused(
            'DRAFT_NOT_FOUND',
            'This confirmation has waited longer than half an hour, or is not yours. Start again.',
          );
        const { partnerId, maxCredits } = await mover(talktime, actor, channelId, draft);
        const { name } = await getCustomer(database, partnerId, draft.customerId);
        requireWithinCap((await previewOf(talktime, partnerId, draft)).moved, maxCredits);
        const operation = await move(talktime, partnerId, actor, draft, `slack:${draftId}`);
        await markSlackDraft(database, partnerId, draftId);
        return {
          kind: 'done',
          draft,
          customerName: name,
          amount: operation.amount,
          balance: operation.balance_after,
          repeated: operation.replayed,
        };
      }),
  };
}

/** Who may move credits of this customer, and up to how many at once. */
async function mover(
  { database }: Talktime,
  actor: SlackActor,
  channelId: string | null,
  { customerId }: MoneyDraft,
): Promise<{ partnerId: string; maxCredits: Microcredits | null }> {
  const access = await accessOf(database, actor, channelId);
  if (!access || (access.role !== 'owner' && access.role !== 'manager'))
    throw new Refusal(refused('ROLE_REQUIRED', 'Only owners and managers move credits. Ask an owner for the role.'));
  if (access.customerId !== null && access.customerId !== customerId)
    throw new Refusal({
      ...refused('CUSTOMER_ELSEWHERE', "This channel is another customer's. Do it in a channel of your own."),
      field: 'customer',
    });
  return access;
}

function requireWithinCap(moved: Microcredits, most: Microcredits | null): void {
  const size = moved < 0n ? -moved : moved;
  if (most === null || size <= most) return;
  throw new Refusal({
    ...refused(
      'ABOVE_CAP',
      `You may move ${formatDecimal(most)} credits at once, and this is ${formatDecimal(size)}. Ask an owner, or have your cap raised.`,
    ),
    field: 'amount',
  });
}

async function previewOf(
  { database }: Talktime,
  partnerId: string,
  draft: MoneyDraft,
): Promise<{ moved: Microcredits; shown: Preview }> {
  const [customer, partner] = await Promise.all([
    getCustomer(database, partnerId, draft.customerId),
    getPartner(database, partnerId),
  ]);
  const moved = parseCredits(draft.amount, 'amount');
  if (draft.kind === 'top_up' && moved <= 0n)
    throw new TalktimeError(
      'AMOUNT_NOT_POSITIVE',
      'A top-up is above zero. To take credits away, adjust the balance.',
      [{ path: 'amount', message: 'must be above zero' }],
    );
  const before = parseCredits(String(customer.balance.posted), 'balance');
  const worth = creditsToMoney(
    micro(moved < 0n ? -moved : moved),
    parseCredits(String(partner.credit_value), 'credit_value'),
  );
  return {
    moved,
    shown: {
      customerName: customer.name,
      amount: toJsonNumber(moved),
      balanceBefore: customer.balance.posted,
      balanceAfter: toJsonNumber(micro(before + moved)),
      currency: partner.currency,
      money: toJsonNumber(worth),
    },
  };
}

function move(
  { ledger }: Talktime,
  partnerId: string,
  slackActor: SlackActor,
  draft: MoneyDraft,
  idempotency_key: string,
): Promise<Operation> {
  const actor = actorOf(slackActor);
  const body = { customer_id: draft.customerId, amount: draft.amount, idempotency_key };
  switch (draft.kind) {
    case 'top_up':
      return topUp(ledger, partnerId, actor, { ...body, kind: 'paid', note: draft.note || undefined });
    case 'adjustment':
      return adjust(ledger, partnerId, actor, { ...body, note: draft.note });
  }
}

const refused = (code: string, detail: string): Refused => ({ kind: 'refused', code, detail });

class Refusal extends Error {
  constructor(readonly refused: Refused) {
    super(refused.code);
  }
}

/** A refusal, of ours or of the core, is an answer; a fault is not. */
async function refusable<T>(work: () => Promise<T | Refused>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.refused;
    if (!(error instanceof TalktimeError) || error.status >= 500) throw error;
    const { code, detail, errors } = error;
    const field = errors?.[0]?.path ?? FIELDS[code];
    return {
      ...refused(code, detail),
      ...(field === 'amount' || field === 'note' || field === 'customer' ? { field } : {}),
    };
  }
}

/** The input that a refusal is about when it does not say so itself. */
const FIELDS: Partial<Record<TalktimeError['code'], Refused['field']>> = {
  NUMBER_INVALID: 'amount',
  NUMBER_PRECISION: 'amount',
  NUMBER_RANGE: 'amount',
  AMOUNT_NOT_POSITIVE: 'amount',
  INSUFFICIENT_CREDITS: 'amount',
  WALLET_LIMIT: 'amount',
  CUSTOMER_NOT_FOUND: 'customer',
};
