import { credits } from '../messages/amounts';
import { customerBalanceMessage } from '../messages/balance';
import { button, buttons, context, divider, section, type MessageBlock } from '../messages/message';
import { HOME_ACTIONS } from './actions';
import { customerPlansMessage } from '../messages/plans';
import { minutesText } from '../messages/usage';
import type { CustomerBalance, PlansShown, Used } from '../ports';

export const USED_DAYS = 30;
export const PLANS_SHOWN = 10;

/** What a customer's people see on their Home tab; what their settings hide of it is left out here. */
export interface CustomerHome {
  readonly shown: CustomerBalance;
  /** The calls of the last USED_DAYS. */
  readonly used: Used;
  /** Those that this customer may see. */
  readonly plans: PlansShown;
  /** Whether they can pay by themselves. */
  readonly takesPayments: boolean;
}

/**
 * The Home tab of a customer's people: their own balance, use and plans, and of these what their settings show
 * (money-rules 21). Without Show Pricing Information there is no figure; while the partner pays for their calls, no balance.
 */
export function customerHomeBlocks({ shown, used, plans, takesPayments }: CustomerHome): MessageBlock[] {
  const { ai_credits_enabled, show_pricing_information } = shown.customer.settings;
  const hasPlans = ai_credits_enabled && plans.plans.length > 0;
  return [
    ...customerBalanceMessage(shown, 'customer').blocks,
    ...(ai_credits_enabled && takesPayments
      ? [buttons(button('Top up', { action: HOME_ACTIONS.topUp, style: 'primary' }))]
      : []),
    ...(ai_credits_enabled && show_pricing_information ? [divider(), usedBlock(used)] : []),
    ...(hasPlans ? [divider(), ...customerPlansMessage(plans, show_pricing_information, takesPayments).blocks] : []),
  ]
    .filter(({ type }) => type !== 'context')
    .concat(CLOSING);
}

const CLOSING = context('Talktime keeps the credits that your calls are paid from · only you can see this');

/** What the partner paid of their calls is not theirs to see. */
function usedBlock({ calls, minutes, byCustomers }: Used): MessageBlock {
  const title = `*The last ${USED_DAYS} days*`;
  if (calls === 0) return section(`${title}\nNo calls.`);
  const counted = `${calls.toLocaleString('en-US')} ${calls === 1 ? 'call' : 'calls'}`;
  return section(`${title}\n${counted} · ${minutesText(minutes)} min · ${credits(byCustomers)}`);
}
