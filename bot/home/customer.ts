import { credits, fromWire, money } from '../messages/amounts';
import { customerBalanceMessage } from '../messages/balance';
import { context, divider, section, type MessageBlock } from '../messages/message';
import { inert } from '../messages/text';
import type { CustomerHome } from '../ports';
import { fitting } from './blocks';

const PLANS_SHOWN = 10;

/**
 * The Home tab of a customer's people: their own balance, use and plans, and of these what their settings show
 * (money-rules 21). Without Show Pricing Information there is no figure at all; with AI Credits off there is no balance.
 */
export function customerHomeBlocks({ shown, usage, plans }: CustomerHome): MessageBlock[] {
  const { settings, balance } = shown.customer;
  const seesFigures = settings.show_pricing_information && settings.ai_credits_enabled;
  return fitting((nameLength) => [
    ...customerBalanceMessage(shown, 'customer').blocks,
    ...(seesFigures ? [divider(), usageBlock(usage)] : []),
    ...(seesFigures && plans.length > 0
      ? [
          divider(),
          section('*Credit plans*'),
          ...plans.slice(0, PLANS_SHOWN).map((plan) => planBlock(plan, nameLength)),
        ]
      : []),
    context('Talktime keeps the credits that your calls are paid from.'),
  ]);

  function usageBlock({ calls, minutes_billed, paid_by_customer }: CustomerHome['usage']): MessageBlock {
    if (calls === 0) return section('*The last 30 days*\nNo calls.');
    const minutes = Math.ceil(Number(minutes_billed)).toLocaleString('en-US');
    const paid = credits(fromWire(Number(paid_by_customer)));
    return section(
      `*The last 30 days*\n${calls.toLocaleString('en-US')} ${calls === 1 ? 'call' : 'calls'} · ${minutes} min · ${paid}`,
    );
  }

  function planBlock(plan: CustomerHome['plans'][number], nameLength: number): MessageBlock {
    const what =
      plan.credits === null ? `${plan.minutes?.toLocaleString('en-US')} min of calls` : credits(fromWire(plan.credits));
    const text = `*${inert(plan.name, nameLength)}*${plan.popular ? ' ⭐' : ''} · ${what} for ${money(fromWire(plan.price), balance.currency)}`;
    return section(plan.description === '' ? text : `${text}\n${inert(plan.description, 200)}`);
  }
}
