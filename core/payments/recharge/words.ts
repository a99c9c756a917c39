import { MOST_FAILURES, type WhyNot } from './decide';

/** Why no top-up comes by itself at this moment, for whoever may see the settings. */
export function whyNotText(why: WhyNot): string {
  return WHY_NOT[why];
}

const WHY_NOT: Record<WhyNot, string> = {
  off: 'Automatic top-ups are off.',
  suspended: `Automatic top-ups are suspended after ${MOST_FAILURES} failures in a row. Add another card to end it.`,
  needs_action: 'The bank wants the owner of the card to confirm the payment. Confirm it, or add another card.',
  under_way: 'A top-up is under way.',
  disputed: 'A payment is disputed. Nothing is charged by itself until that is over.',
  above_threshold: 'The balance is above the threshold.',
  no_card: 'No card is saved. Add one.',
  not_ready: 'The Stripe account that it would be paid to takes no payments. Look at the payment settings.',
  currency_changed: 'The currency has changed since automatic top-ups were set up. Save the settings again.',
  monthly_count: 'As many top-ups as are allowed were made this month. Allow more, or top up by hand.',
  monthly_money:
    'Another top-up would go beyond what may be charged this month. Allow more, or top up by hand; the next month begins anew.',
  failed_lately: 'The last top-up failed less than an hour ago.',
  too_soon: 'Two top-ups were tried in the last ten minutes.',
};

/** What comes of an attempt that failed. */
export type AfterFailure = 'again' | 'other_card' | 'suspended' | 'confirm' | 'review';

const LONGEST_REASON = 90;

/** What is told when an attempt failed. `reason` is the bank's, or Stripe's. `link`: where its owner confirms. */
export function failureText(money: string, reason: string, after: AfterFailure, link: string | null): string {
  const short = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason;
  const failed = `${money} could not be charged. ${short}`;
  switch (after) {
    case 'again':
      return `${failed} It is tried again in an hour.`;
    case 'other_card':
      return `${failed} It is tried with the new card.`;
    case 'suspended':
      return `${failed} ${whyNotText('suspended')}`;
    case 'confirm':
      return `${money} could not be charged: the bank wants the owner of the card to confirm it. ${
        link === null
          ? 'Nothing is charged by itself until a top-up was paid with the card being saved, or another card was added.'
          : `Confirm and pay here: ${link}`
      }`;
    case 'review':
      return `${failed} Automatic top-ups are suspended until somebody has looked at the payment; another card ends it, too.`;
  }
}
