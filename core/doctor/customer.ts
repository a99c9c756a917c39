import type { Finding } from '../contract';
import { larger, micro, price, secondsCovered, ZERO } from '../money';
import { profitOf } from '../records/reports';
import { CALL_CHECKS } from './calls';
import type { CustomerFacts } from './facts';
import { found, worstFirst } from './finding';
import { paymentsOfCustomer } from './payments';
import { creditsInWords, duration, moneyInWords, percent } from './words';

/** The shortest call that is authorised, in seconds. */
const SHORTEST_CALL_SECONDS = 30;
/** A threshold that warns less than this before the end warns late. */
const SHORTEST_WARNING_SECONDS = 60 * 60;

/** What may be wrong with a customer, from the playbook's checklist and its troubleshooting table. Pure. */
export function examineCustomer(facts: CustomerFacts): Finding[] {
  const findings = CHECKS.map((check) => check(facts)).filter((finding) => finding !== null);
  return worstFirst(findings);
}

const CHECKS: readonly ((facts: CustomerFacts) => Finding | null)[] = [
  payer,
  priceSet,
  margin,
  balance,
  paymentsOfCustomer,
  grace,
  threshold,
  notifications,
  spendLimit,
  ...CALL_CHECKS,
  visibility,
  plans,
  channel,
];

function payer({ settings }: CustomerFacts): Finding {
  if (settings.aiCreditsEnabled)
    return found('AI_CREDITS_ON', 'AI Credits Enabled is on: calls deduct from the customer.');
  return found(
    'AI_CREDITS_OFF',
    'AI Credits Enabled is off: calls deduct from your own balance, and the customer’s stays as it is.',
    'If the customer is to pay for its calls, switch AI Credits Enabled on in its settings.',
    'settings',
  );
}

function priceSet({ settings, rate, partner }: CustomerFacts): Finding | null {
  if (!settings.aiCreditsEnabled)
    return partner.rate
      ? null
      : found(
          'PARTNER_PRICE_MISSING',
          'Its calls are paid by you, and you have no price per minute of your own: new calls are refused, and ended ones wait in suspense.',
          'Set your own price per minute (PATCH /v1/partner), or switch AI Credits Enabled on.',
          'settings',
        );
  if (!rate)
    return found(
      'PRICE_MISSING',
      'New calls are refused, and ended ones wait in suspense, because nobody said what a minute costs.',
      'Set AI Credit Price Per Minute in its settings.',
      'settings',
    );
  return found('PRICE_SET', `A minute costs ${creditsInWords(rate.creditsPerMinute)}.`);
}

/** For the partner's eyes alone (money-rules 21). */
function margin({ settings, calls, currency }: CustomerFacts): Finding | null {
  if (!settings.aiCreditsEnabled || calls.recent === 0) return null;
  const { count, price: sold, cost } = calls.costed;
  if (count === 0)
    return found(
      'COST_UNKNOWN',
      'None of its calls of the last 30 days says what it cost you, so nobody knows whether the price covers that.',
      'Give the endpoint of its voice provider a cost per minute, or measure one before you set the price.',
    );
  const { markup, margin: share } = profitOf(sold, cost);
  const sums = `${moneyInWords(sold, currency)} paid for calls that cost ${moneyInWords(cost, currency)}, by the last 30 days`;
  if (sold < cost)
    return found(
      'PRICE_BELOW_COST',
      `The price does not cover the cost: ${sums}${markup === null ? '' : `, a markup of ${percent(markup)}`}.`,
      'Raise AI Credit Price Per Minute in its settings.',
      'settings',
    );
  const ratios =
    markup === null || share === null ? '' : `: a markup of ${percent(markup)}, a margin of ${percent(share)}`;
  return found('PRICE_ABOVE_COST', `${sums}${ratios}.`);
}

/** The longest call that would be let through now, in seconds; the floor is that of money-rules 6. */
function secondsOfRoom({ settings, rate, wallet, funding, disputePolicy }: CustomerFacts): number {
  if (!rate || (disputePolicy === 'stop' && wallet.openDisputes > 0)) return 0;
  const floor = funding === 'allocated' ? 0n : -(settings.overdraft + price(settings.graceSeconds * 1000, rate));
  const spendable = micro(wallet.posted - wallet.held - wallet.disputed - floor);
  return Math.min(secondsCovered(spendable, rate), settings.maxCallSeconds);
}

const takesCalls = (facts: CustomerFacts) =>
  secondsOfRoom(facts) >= Math.min(SHORTEST_CALL_SECONDS, facts.settings.maxCallSeconds);

function balance(facts: CustomerFacts): Finding {
  const { settings, rate, partner, wallet } = facts;
  if (!settings.aiCreditsEnabled) {
    const own = creditsInWords(partner.posted);
    if (partner.posted - partner.held - partner.disputed > 0n)
      return found('PARTNER_BALANCE_FINE', `Its calls are paid by you: ${own}.`);
    return found(
      'PARTNER_BALANCE_EMPTY',
      `Its calls are paid by you, and you have ${own}: new calls are refused.`,
      'Ask your host for a top-up, or switch AI Credits Enabled on.',
      'settings',
    );
  }
  const left = creditsInWords(wallet.posted);
  if (rate?.creditsPerMinute === 0n) return found('BALANCE_FINE', `${left}. A minute is free, so calls need none.`);
  if (rate ? !takesCalls(facts) : wallet.posted <= 0n) return noRoom(facts, left);
  const time = rate ? `, ${duration(secondsCovered(wallet.posted, rate))} of calls` : '';
  if (wallet.posted <= 0n)
    return found(
      'BALANCE_IN_GRACE',
      `The balance is ${left}. Grace or the overdraft still lets a call of ${duration(secondsOfRoom(facts))} begin; after that new calls are refused.`,
      'Top up now.',
      'top_up',
    );
  if (wallet.status !== 'ok')
    return found(
      'BALANCE_LOW',
      `${left} left${time}. Calls go on until that is used up.`,
      'Top up before calls fail.',
      'top_up',
    );
  return found('BALANCE_FINE', `${left}${time}.`);
}

/** Why no new call is let through. */
function noRoom(facts: CustomerFacts, left: string): Finding {
  const { wallet } = facts;
  if (wallet.openDisputes > 0 && takesCalls({ ...facts, wallet: { ...wallet, disputed: ZERO, openDisputes: 0 } }))
    return found(
      'BALANCE_DISPUTED',
      `A payment is disputed, and until that is decided ${facts.disputePolicy === 'stop' ? 'no call is let through' : `${creditsInWords(wallet.disputed)} of ${left} are set apart`}: a new call is refused.`,
      'Answer the dispute at Stripe, top up, or change what is done while a payment is disputed.',
      'top_up',
    );
  if (wallet.posted > 0n && takesCalls({ ...facts, wallet: { ...wallet, held: ZERO } }))
    return found(
      'BALANCE_HELD',
      `Of ${left}, ${creditsInWords(wallet.held)} are reserved for live calls: a new call is refused until one of them ends.`,
      'Wait for a call to end, shorten the longest call in its settings, or top up.',
      'top_up',
    );
  return found(
    'BALANCE_EMPTY',
    wallet.afterTopUp === null && wallet.posted === 0n
      ? 'No credits were ever added: new calls are refused as “insufficient credits”.'
      : `The balance is ${left}, which does not pay for the shortest call: new calls are refused as “insufficient credits”.`,
    'Top up, or set a grace period.',
    'top_up',
  );
}

function grace({ settings, wallet, funding }: CustomerFacts): Finding | null {
  const hasRoom = settings.graceSeconds > 0 || settings.overdraft > 0n;
  if (!settings.aiCreditsEnabled || funding === 'allocated' || hasRoom || wallet.posted > 0n) return null;
  return found(
    'GRACE_OFF',
    'Grace Period is 0 seconds and there is no overdraft: at an empty balance every new call is refused at once.',
    'Set a Grace Period, such as 30 seconds, in its settings.',
    'settings',
  );
}

function threshold({ settings, rate, wallet, calls }: CustomerFacts): Finding | null {
  if (!settings.aiCreditsEnabled) return null;
  const { levels, warnsAt: level, afterTopUp } = wallet;
  if (levels === 0)
    return found(
      'THRESHOLD_MISSING',
      'Nothing warns before the balance is used up: the only alert is that it is.',
      'Set Low Credit Threshold in its settings, such as 100 credits.',
      'settings',
    );
  if (level === null)
    return found(
      'THRESHOLD_SET',
      'Its levels apply as soon as what they are a share of is known: a first top-up, a price, a day of calls.',
    );
  if (wallet.posted > 0n && wallet.posted <= level && afterTopUp !== null && afterTopUp <= level)
    return found(
      'THRESHOLD_ABOVE_TOP_UP',
      `The first alert is due at ${creditsInWords(level)}, and the last top-up only brought the balance to ${creditsInWords(afterTopUp)}: it stays low, and is told once.`,
      'Lower Low Credit Threshold, or top up by more.',
      'settings',
    );
  const perHour = calls.pacePerHour ?? (rate ? rate.creditsPerMinute * 60n : 0n);
  const seconds = perHour > 0n ? Number((level * 3600n) / perHour) : null;
  if (seconds !== null && seconds < SHORTEST_WARNING_SECONDS)
    return found(
      'THRESHOLD_TOO_LOW',
      `The first alert comes at ${creditsInWords(level)}, ${duration(seconds)} of calls${calls.pacePerHour === null ? '' : ' at the pace of the last 7 days'}: by the time somebody reads it, calls may fail.`,
      `Raise Low Credit Threshold to ${creditsInWords(perHour)} or more: an hour of calls.`,
      'settings',
    );
  return found('THRESHOLD_SET', `The first alert comes at ${creditsInWords(level)}.`);
}

function notifications({ settings }: CustomerFacts): Finding | null {
  if (!settings.aiCreditsEnabled) return null;
  if (settings.notificationsEnabled) return found('NOTIFICATIONS_ON', 'You are told when credits are low.');
  return found(
    'NOTIFICATIONS_OFF',
    'Low Credit Notifications Enabled is off: nobody is told when credits are low, or used up.',
    'Switch Low Credit Notifications Enabled on in its settings.',
    'settings',
  );
}

function spendLimit({ settings, rate, calls, holds }: CustomerFacts): Finding | null {
  const needed = rate ? price(Math.min(SHORTEST_CALL_SECONDS, settings.maxCallSeconds) * 1000, rate) : ZERO;
  const limits = [
    { limit: settings.maxSpendPerDay, spent: calls.today, of: 'a day', ends: 'at midnight UTC' },
    { limit: settings.maxSpendPerMonth, spent: calls.thisMonth, of: 'a month', ends: 'when the month ends (UTC)' },
  ];
  for (const { limit, spent, of, ends } of limits) {
    if (limit === null || limit - spent - holds.amount >= larger(needed, micro(1n))) continue;
    return found(
      'SPEND_LIMIT_REACHED',
      `Calls took ${creditsInWords(spent)} of the ${creditsInWords(limit)} that are allowed in ${of}: new calls are refused.`,
      `Raise the limit in its settings; by itself it is free again ${ends}.`,
      'settings',
    );
  }
  return null;
}

function visibility({ settings, slack }: CustomerFacts): Finding {
  const canLook = settings.portal || slack.channels > 0;
  if (settings.showPricing && canLook)
    return found(
      'CLIENT_SEES_BALANCE',
      `It sees rate and balance ${settings.portal ? 'in the portal' : 'in its Slack channel'}.`,
    );
  if (canLook)
    return found(
      'PRICING_HIDDEN',
      `Show Pricing Information is off: the client ${settings.portal ? 'may log in' : 'has a Slack channel'}, and sees neither rate nor balance.`,
      'If it is to see them, switch Show Pricing Information on in its settings.',
      'settings',
    );
  if (settings.showPricing)
    return found(
      'PORTAL_OFF',
      'Show Pricing Information is on, but Customer Portal Enabled is off, and the client has no Slack channel to ask in.',
      'Switch Customer Portal Enabled on in its settings.',
      'settings',
    );
  return found(
    'CLIENT_SEES_NOTHING',
    'Customer Portal Enabled and Show Pricing Information are off.',
    'If the client misses its balance, switch both on in its settings.',
    'settings',
  );
}

function plans({ settings, activePlans }: CustomerFacts): Finding | null {
  if (activePlans.length === 0 && !settings.restrictPlans) return null;
  if (!settings.restrictPlans) return found('PLANS_VISIBLE', 'It sees every active plan.');
  const visible = activePlans.filter((id) => settings.visiblePlanIds.includes(id));
  if (visible.length > 0)
    return found('PLANS_VISIBLE', `It sees ${visible.length} of ${activePlans.length} active plans.`);
  return found(
    'PLANS_HIDDEN',
    settings.visiblePlanIds.length === 0
      ? 'Restrict Credit Plan Visibility is on, and no plan is chosen: the client can buy nothing.'
      : 'Restrict Credit Plan Visibility is on, and none of the chosen plans is active: the client can buy nothing.',
    'Choose Visible Customer Credit Plans in its settings, or switch the restriction off.',
    'settings',
  );
}

function channel({ slack }: CustomerFacts): Finding | null {
  if (!slack.isConnected) return null;
  if (slack.channels > 0) return found('CHANNEL_LINKED', 'Its people hear of its alerts there.');
  return found(
    'CHANNEL_NOT_LINKED',
    'Alerts of this customer go to you alone.',
    'If its people are to hear of them, type “alerts here” with its name in a channel that you share with them.',
  );
}
