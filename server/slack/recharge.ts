import type { RechargeData, SlackActor } from '@talktime/bot';
import { autoRechargeSet, cardSetup, parseCreditsFromZero, TalktimeError } from '@talktime/core/contract';
import { getCustomer } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { formatDecimal, type Microcredits } from '@talktime/core/money';
import { getAutoRecharge, openCardSetup, setAutoRecharge, type PaymentContext } from '@talktime/core/payments';
import { accessOf, actorOf } from './actor';
import { Refusal, refusable } from './refusals';

/** Automatic top-ups, set from Slack; none of it without a Stripe key. */
export function rechargeData(database: Database, payments: PaymentContext | null): RechargeData {
  const required = (): PaymentContext => {
    if (payments) return payments;
    throw new TalktimeError(
      'PAYMENTS_OFF',
      'Payments are not set up here: the service has no Stripe key. Whoever runs it sets STRIPE_SECRET_KEY.',
    );
  };
  const shown = async (partnerId: string, customerId: string) => {
    const { id, name } = await getCustomer(database, partnerId, customerId);
    return { customer: { id, name }, recharge: await getAutoRecharge(required(), partnerId, customerId) };
  };
  return {
    openRecharge: (actor, channelId, customerId) =>
      refusable(async () => {
        const { partnerId } = await requireManager(database, actor, channelId, customerId);
        return { kind: 'opened' as const, ...(await shown(partnerId, customerId)) };
      }),

    async saveRecharge(actor, channelId, customerId, change) {
      const parsed = autoRechargeSet.safeParse(change);
      if (!parsed.success) return { kind: 'invalid', errors: { monthly_count: 'A whole number from 1 to 1,000.' } };
      try {
        return await refusable(async () => {
          const { partnerId, maxCredits } = await requireManager(database, actor, channelId, customerId);
          if (parsed.data.enabled) requireWithinCap(maxCredits, parsed.data);
          await orInvalid(() => setAutoRecharge(required(), partnerId, actorOf(actor), customerId, parsed.data));
          return { kind: 'saved' as const, ...(await shown(partnerId, customerId)) };
        });
      } catch (error) {
        if (error instanceof Invalid) return { kind: 'invalid', errors: { [error.input]: error.detail } };
        throw error;
      }
    },

    cardLink: (actor, channelId, customerId) =>
      refusable(async () => {
        const { partnerId } = await requireManager(database, actor, channelId, customerId);
        const { name } = await getCustomer(database, partnerId, customerId);
        const body = cardSetup.parse({ customer_id: customerId });
        const { url } = await openCardSetup(required(), partnerId, actorOf(actor), body);
        return { kind: 'link' as const, url, customerName: name };
      }),
  };
}

async function requireManager(
  database: Database,
  actor: SlackActor,
  channelId: string | null,
  customerId: string,
): Promise<{ readonly partnerId: string; readonly maxCredits: Microcredits | null }> {
  const access = await accessOf(database, actor, channelId);
  if (!access || (access.role !== 'owner' && access.role !== 'manager'))
    throw new Refusal('ROLE_REQUIRED', 'Only owners and managers set automatic top-ups. Ask an owner for the role.');
  if (access.customerId !== null && access.customerId !== customerId)
    throw new Refusal('CUSTOMER_ELSEWHERE', "This channel is another customer's. Do it in a channel of your own.");
  return access;
}

/** Whoever may move so many credits at once may not have more moved by itself, either. */
function requireWithinCap(
  most: Microcredits | null,
  { threshold, target, amount }: { threshold?: string; target?: string; amount?: string },
): void {
  if (most === null) return;
  const from = parseCreditsFromZero(threshold ?? '0', 'threshold');
  const size =
    amount === undefined
      ? parseCreditsFromZero(target ?? '0', 'target') - from
      : parseCreditsFromZero(amount, 'amount');
  if (size <= most) return;
  throw new Refusal(
    'ABOVE_CAP',
    `You may move up to ${formatDecimal(most)} credits at once, so this is for an owner to set.`,
  );
}

/** What is wrong with one of the inputs. */
class Invalid extends Error {
  constructor(
    readonly input: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

const INPUT_OF: Readonly<Record<string, string>> = {
  threshold: 'threshold',
  target: 'credits',
  amount: 'credits',
  monthly_money: 'monthly_money',
  monthly_count: 'monthly_count',
};

async function orInvalid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TalktimeError) || error.status >= 500) throw error;
    const input = error.code === 'TOP_UP_LIMIT' ? 'credits' : INPUT_OF[error.errors?.[0]?.path ?? ''];
    if (input === undefined) throw error;
    throw new Invalid(input, plainly(error.detail));
  }
}

/** Without the wire's name of the setting: the message stands under the input itself. */
function plainly(detail: string): string {
  const text = detail.replace(/^"[\w.]+" (is|has|cannot|must)/, 'This $1');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
