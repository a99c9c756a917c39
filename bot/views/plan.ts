import type { Plan } from '@talktime/core/contract';
import type { Question } from '../commands/answer';
import { customerMeant } from '../commands/customer';
import { fromWire, money } from '../messages/amounts';
import { section } from '../messages/message';
import { planContents } from '../messages/plan-terms';
import { inert } from '../messages/text';
import type { BotData, CustomerRef } from '../ports';
import { confirmModal } from './confirm';
import type { Form } from './form';
import { choiceInput, customerInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalContext } from './modal';
import { remarkOn } from './money';
import { refusedReply } from './refused';

const FORM = 'talktime_apply_form';
const TITLE = 'Apply a plan';

/** What `/credits apply …` opens: the confirmation when customer and plan were typed, else the form. */
export async function planModal(
  { access, actor, channelId, partnerId, argument }: Question,
  data: BotData,
): Promise<Modal> {
  const context: ModalContext = { channelId, ids: {} };
  const plans = await data.activePlans(partnerId);
  if (plans.length === 0)
    return noticeModal(
      TITLE,
      'You have no active credit plan.\n*Next:* create one with the API, `POST /v1/plans`, or the Talktime nodes of n8n.',
    );
  const typed = splitPlan(argument, plans);
  const meant = await customerMeant(data, access, typed.customer);
  if (meant.kind !== 'one') return planForm(plans, { plan: typed.plan, remark: remarkOn(meant) }, context);
  const { customer } = meant;
  if (!typed.plan) return planForm(plans, { customer }, context);
  const draft = { kind: 'plan' as const, customerId: customer.id, planId: typed.plan.id };
  const drafted = await data.draft(actor, channelId, draft);
  if (drafted.kind === 'refused')
    return planForm(
      plans,
      { customer, plan: typed.plan, remark: `🔴 ${inert(`${drafted.detail}${whatNext(drafted.code)}`, 500)}` },
      context,
    );
  return confirmModal('plan', drafted, context);
}

interface Prefilled {
  readonly customer?: CustomerRef;
  readonly plan?: Plan;
  readonly remark?: string;
}

function planForm(plans: readonly Plan[], { customer, plan, remark }: Prefilled, context: ModalContext): Modal {
  return {
    callbackId: FORM,
    title: TITLE,
    submit: 'Next',
    close: 'Cancel',
    blocks: [
      ...(remark === undefined ? [] : [section(remark)]),
      customerInput(customer),
      choiceInput({ id: 'plan', label: 'Plan', choices: plans.map(planChoice), chosen: plan?.id }),
    ],
    context,
  };
}

function planChoice(plan: Plan): Choice {
  return {
    value: plan.id,
    text: `${plan.popular ? '⭐ ' : ''}${inert(plan.name)}`,
    description: `${planContents({ ...plan, recurring: plan.recurring && { ...plan.recurring, rollover: null } })} for ${money(fromWire(plan.price), plan.currency)}`,
  };
}

export const PLAN_FORM: Form = {
  callbackId: FORM,
  least: 'manager',
  async submitted({ actor, channelId, values, context }, { data }) {
    const customerId = values.choice('customer');
    const planId = values.choice('plan');
    if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
    if (planId === null) return { kind: 'errors', errors: { plan: 'Choose a plan.' } };
    const drafted = await data.draft(actor, channelId, { kind: 'plan', customerId, planId });
    if (drafted.kind === 'refused')
      return refusedReply({ ...drafted, detail: drafted.detail + whatNext(drafted.code) }, values, 'plan');
    return { kind: 'show', modal: confirmModal('plan', drafted, context) };
  },
};

function whatNext(code: string): string {
  return code === 'RATE_REQUIRED' ? ' Next: the customer’s settings have the price.' : '';
}

/** "acme dental 100 minutes" in its parts: the customer, and the plan whose id or name it ends with; the longest that fits. */
export function splitPlan<P extends { readonly id: string; readonly name: string }>(
  argument: string,
  plans: readonly P[],
): { customer: string; plan?: P } {
  const typed = argument.trim().replace(/["“”]/gu, '');
  const fits = plans
    .flatMap((plan) => [plan.id, plan.name].map((word) => ({ plan, word })))
    .filter(({ word }) => ` ${typed.toLowerCase()}`.endsWith(` ${word.toLowerCase()}`))
    .sort((a, b) => b.word.length - a.word.length);
  const [best] = fits;
  return best
    ? { customer: typed.slice(0, typed.length - best.word.length).trim(), plan: best.plan }
    : { customer: typed };
}
