import type { z } from 'zod';
import { audit } from '../../access/audit';
import { parseCredits, parseCreditsFromZero, type AutoRecharge, type autoRechargeSet } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import { lockPartner, type Actor } from '../../ledger';
import { formatDecimal, smaller, toJsonNumber, type Microcredits } from '../../money';
import type { PaymentContext } from '../context';
import { fromMinor, priceOfCredits } from '../currency';
import { requirePrepaid } from '../metering/billing';
import { walletNumber } from '../payer';
import { decideRecharge } from './decide';
import { factsFor, readSurroundings, type Surroundings } from './facts';
import { confirmAddress } from './outcome';
import { armWallet, findRecharge, wakeRecharging, type RechargeRow } from './rows';
import { whyNotText } from './words';

const USUAL_COUNT = 10;

/** How a customer's wallet, or (null) the partner's own, tops itself up. */
export async function getAutoRecharge(
  context: Pick<PaymentContext, 'database' | 'publicUrl'>,
  partnerId: string,
  customerId: string | null,
): Promise<AutoRecharge> {
  return context.database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletNumber(transaction, partnerId, customerId);
    return read(transaction, partnerId, walletId, context.publicUrl);
  });
}

/**
 * Sets how a wallet tops itself up. What is left out stays as it is. One that is at or below its threshold is topped up at
 * once.
 * @throws TalktimeError CARD_REQUIRED, TOP_UP_LIMIT, REQUEST_INVALID, PAYMENTS_NOT_READY, CUSTOMER_NOT_FOUND
 */
export async function setAutoRecharge(
  context: Pick<PaymentContext, 'database' | 'publicUrl'>,
  partnerId: string,
  actor: Actor,
  customerId: string | null,
  body: z.output<typeof autoRechargeSet>,
): Promise<AutoRecharge> {
  return context.database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const walletId = await walletNumber(transaction, partnerId, customerId);
    await changeAutoRecharge(transaction, partnerId, actor, walletId, body);
    return read(transaction, partnerId, walletId, context.publicUrl);
  });
}

/** The partner's lock must be held. */
async function changeAutoRecharge(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  walletId: number,
  body: z.output<typeof autoRechargeSet>,
): Promise<void> {
  const [before, around] = [
    await findRecharge(transaction, partnerId, walletId),
    await readSurroundings(transaction, partnerId, walletId),
  ];
  if (!body.enabled && !before && Object.keys(body).length === 1) return; // it is off
  const after = merged(body, before, around);
  if (after.enabled) await requirePrepaid(transaction, partnerId, walletId);
  if (after.enabled) requirePayable(after, around);
  // Off and on again is "try it once more" for what waited for somebody; a suspension waits for another card.
  const triesAnew = before?.state === 'needs_action' && !before.enabled && after.enabled;
  await transaction.query(
    `insert into talktime.auto_recharges
       (partner_id, wallet_id, enabled, threshold, target, amount, currency, monthly_money, monthly_count)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (partner_id, wallet_id) do update
     set enabled = excluded.enabled, threshold = excluded.threshold, target = excluded.target, amount = excluded.amount,
         currency = excluded.currency, monthly_money = excluded.monthly_money, monthly_count = excluded.monthly_count,
         state = case when $10 then 'active' else auto_recharges.state end,
         action_payment = case when $10 then null else auto_recharges.action_payment end,
         next_look_at = talktime.clock(), updated_at = clock_timestamp()`,
    [
      partnerId,
      walletId,
      after.enabled,
      after.threshold,
      after.target,
      after.amount,
      around.currency,
      after.monthlyMoney,
      after.monthlyCount,
      triesAnew,
    ],
  );
  await armWallet(transaction, partnerId, walletId);
  if (after.enabled) wakeRecharging(transaction, partnerId);
  await audit(transaction, partnerId, actor, 'auto_recharge.set', around.payer.customerId ?? partnerId, body);
}

interface Terms {
  readonly enabled: boolean;
  readonly threshold: Microcredits;
  readonly target: Microcredits | null;
  readonly amount: Microcredits | null;
  readonly monthlyMoney: bigint;
  readonly monthlyCount: number;
}

function merged(
  body: z.output<typeof autoRechargeSet>,
  before: RechargeRow | undefined,
  { currency }: Surroundings,
): Terms {
  const needed = (path: string) =>
    new TalktimeError('REQUEST_INVALID', `Automatic top-ups were never set up here: send "${path}", too.`, [
      { path, message: 'required the first time' },
    ]);
  const threshold =
    body.threshold === undefined ? before?.threshold : parseCreditsFromZero(body.threshold, 'threshold');
  if (threshold === undefined) throw needed('threshold');
  const named = body.target !== undefined || body.amount !== undefined;
  const target = named
    ? body.target === undefined
      ? null
      : parseCredits(body.target, 'target')
    : (before?.target ?? null);
  const amount = named
    ? body.amount === undefined
      ? null
      : parseCredits(body.amount, 'amount')
    : (before?.amount ?? null);
  if (target === null && amount === null) throw needed('target');
  // A cap in a currency that is no longer the partner's says nothing: it must be said anew.
  const kept = before?.currency === currency ? before.monthly_money : undefined;
  const monthlyMoney =
    body.monthly_money === undefined ? kept : parseCreditsFromZero(body.monthly_money, 'monthly_money');
  if (monthlyMoney === undefined) throw needed('monthly_money');
  if (target !== null && target <= threshold) throw wrong('target', 'must be above the threshold');
  if (amount !== null && amount <= 0n) throw wrong('amount', 'must be above zero');
  if (monthlyMoney <= 0n) throw wrong('monthly_money', 'must be above zero');
  const monthlyCount = body.monthly_count ?? before?.monthly_count ?? USUAL_COUNT;
  return { enabled: body.enabled, threshold, target, amount, monthlyMoney, monthlyCount };
}

/** @throws unless what it would charge can be paid, and there is a card to charge */
function requirePayable(terms: Terms, { account, card, settings, creditValue, currency, payer }: Surroundings): void {
  if (account === null)
    throw new TalktimeError(
      'PAYMENTS_NOT_READY',
      'The Stripe account that it would be paid to takes no payments yet. Look at GET /v1/payment-settings.',
    );
  // The least that one costs: to a target, that is from the threshold itself.
  const credits = terms.amount ?? ((terms.target! - terms.threshold) as Microcredits);
  const money = priceOfCredits(credits, creditValue);
  const { least_top_up: least, most_top_up: most } = settings;
  if (money < least || money > most)
    throw new TalktimeError(
      'TOP_UP_LIMIT',
      `A top-up would cost ${formatDecimal(money)} ${currency}, outside what may be paid at once: ${formatDecimal(least)} to ${formatDecimal(most)} ${currency}.`,
    );
  if (money > terms.monthlyMoney)
    throw wrong('monthly_money', `is less than one top-up costs, ${formatDecimal(money)} ${currency}`);
  if (card !== null) return;
  const whose = payer.customerId === null ? '"wallet": "partner"' : `"customer_id": "${payer.customerId}"`;
  throw new TalktimeError(
    'CARD_REQUIRED',
    `No card is saved. POST /v1/cards/setup with {${whose}} gives a link on which its owner enters one; or pay a checkout with "save_card": true. Then switch it on.`,
  );
}

function wrong(path: string, message: string): TalktimeError {
  return new TalktimeError('REQUEST_INVALID', `"${path}" ${message}.`, [{ path, message }]);
}

async function read(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  publicUrl: string | undefined,
): Promise<AutoRecharge> {
  const row = await findRecharge(transaction, partnerId, walletId);
  const around = await readSurroundings(transaction, partnerId, walletId);
  const { payer, history, card, currency } = around;
  const orNull = (value: bigint | null | undefined) => (value == null ? null : toJsonNumber(value));
  const decision = row && decideRecharge(factsFor(row, around));
  return {
    wallet: payer.customerId === null ? 'partner' : 'customer',
    customer_id: payer.customerId,
    enabled: row?.enabled ?? false,
    state: row?.enabled ? row.state : 'off',
    threshold: orNull(row?.threshold),
    target: orNull(row?.target),
    amount: orNull(row?.amount),
    currency: row?.currency ?? currency,
    monthly_money: orNull(row?.monthly_money),
    monthly_count: row?.monthly_count ?? null,
    this_month: {
      count: history.monthCount,
      money: toJsonNumber(smaller(fromMinor(history.monthMoney, currency), LARGEST_SHOWN)),
    },
    failures: row?.failures ?? 0,
    waits:
      decision?.do === 'nothing'
        ? {
            code: decision.why,
            message: whyNotText(decision.why),
            until: decision.until === null ? null : new Date(decision.until).toISOString(),
          }
        : null,
    failed_because: row?.suspended_because ?? null,
    action_url: row?.action_payment ? confirmAddress(publicUrl, partnerId, row.action_payment) : null,
    card: card && { brand: card.brand, last4: card.last4, expires: card.expires },
  };
}

/** What a JSON number holds exactly. */
const LARGEST_SHOWN = 8_000_000_000_000_000n;
