import type { Plan } from '@talktime/core/contract';
import type { PlanShown, PlansShown } from '../ports';
import { fromWire, money } from './amounts';
import { button, context, header, section, sectionWithButton, table, type Message, type MessageBlock } from './message';
import { BUY_PLAN } from './pay-actions';
import { eachPeriod, planContents } from './plan-terms';
import { cell, code, inert } from './text';

export const PLANS_SHOWN = 25;
/** Fewer for a customer's people, to whom each is described: with longest names the message is still one that Slack takes. */
export const OFFERS_SHOWN = 10;
const DESCRIPTION_LENGTH = 100;
const LINKS_SHOWN = 5;

/** The plans, for the partner: what each holds, costs, and who may see it. */
export function plansMessage({ plans, customers, isAll }: PlansShown, command: string, takesPayments = false): Message {
  if (plans.length === 0) {
    const text = 'You have no plans yet.';
    return {
      text,
      blocks: [
        section(
          `${text}\n*Next:* make one in the API, ${code('POST /v1/plans')}: a name, credits or minutes, a price.`,
        ),
      ],
    };
  }
  return {
    text: `Plans: ${plans.length}${isAll ? '' : ' and more'}`,
    blocks: [
      header('Plans'),
      table(
        [
          ['Plan', 'Holds', 'Price', 'State', 'Customers who see it'],
          ...plans.map(({ plan, visibleTo }) => [
            cell(plan.name),
            planContents(plan),
            money(fromWire(plan.price), plan.currency),
            [plan.active ? 'active' : 'off', ...(plan.popular ? ['popular'] : [])].join(', '),
            plan.active ? seenBy(visibleTo, customers) : 'nobody: it is off',
          ]),
        ],
        [2],
        [1],
      ),
      ...(takesPayments ? linkButtons(plans) : []),
      context(
        [
          ...(takesPayments ? [] : ['payments by card are not set up']),
          ...(isAll ? [] : [`the first ${plans.length}`]),
          `${code(`${command} apply`)} gives a customer one`,
          'only you can see this',
        ].join(' · '),
      ),
    ],
  };
}

/** A page to pay on, for one of the plans: those of them that fit under a table. */
function linkButtons(plans: readonly PlanShown[]): MessageBlock[] {
  return plans
    .filter(({ plan }) => plan.active && plan.price > 0)
    .slice(0, LINKS_SHOWN)
    .map(({ plan }) =>
      sectionWithButton(`*${inert(plan.name)}*`, button('Payment link', { action: BUY_PLAN, value: plan.id })),
    );
}

/**
 * The plans that a customer may see, for its own people. Without Show Pricing Information there is no figure beside the name
 * (money-rules 21).
 */
export function customerPlansMessage(
  { plans, isAll }: PlansShown,
  showsPrices: boolean,
  takesPayments = false,
): Message {
  const ask = takesPayments ? '*Next:* buy one, by card or bank.' : '*Next:* ask your agency for one.';
  if (plans.length === 0) {
    const text = 'There are no plans to choose from here.';
    return { text, blocks: [section(`${text}\n*Next:* ask your agency to top up your credits.`)] };
  }
  return {
    text: `Plans: ${plans.length}`,
    blocks: [
      header('Plans'),
      ...plans.map(({ plan }) =>
        takesPayments && plan.price > 0
          ? sectionWithButton(offer(plan, showsPrices), button('Buy', { action: BUY_PLAN, value: plan.id }))
          : section(offer(plan, showsPrices)),
      ),
      section(ask),
      context(isAll ? 'only you can see this' : `the first ${plans.length} · only you can see this`),
    ],
  };
}

function offer(plan: PlanShown['plan'], showsPrices: boolean): string {
  return [
    `*${inert(plan.name)}*${plan.popular ? ' ⭐ popular' : ''}`,
    ...(showsPrices ? [`${planContents(plan)} for ${priceOf(plan)}`] : []),
    ...(plan.description.trim() === '' ? [] : [inert(plan.description, DESCRIPTION_LENGTH)]),
  ].join('\n');
}

const priceOf = ({ price, currency, recurring }: Plan) =>
  `${money(fromWire(price), currency)}${recurring ? ` ${eachPeriod(recurring)}` : ''}`;

function seenBy(count: number, customers: number): string {
  if (customers === 0) return 'no customers yet';
  if (count === customers) return 'all';
  return count === 0 ? 'nobody' : `${count.toLocaleString('en-US')} of ${customers.toLocaleString('en-US')}`;
}
