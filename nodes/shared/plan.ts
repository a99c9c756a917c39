import {
  NodeOperationError,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchResult,
  type INodeProperties,
} from 'n8n-workflow';
import type { Plan } from '../../core/contract';
import { locatedId } from './parameters';
import { talktimeRequest } from './transport';

const PAGE_SIZE = 50;

export const planField: INodeProperties = {
  displayName: 'Plan',
  name: 'plan',
  type: 'resourceLocator',
  required: true,
  default: { mode: 'list', value: '' },
  description: 'The credit plan to apply. The list shows those that are active.',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a plan…',
      typeOptions: { searchListMethod: 'searchPlans', searchable: true },
    },
    {
      displayName: 'By ID',
      name: 'id',
      type: 'string',
      placeholder: 'e.g. starter-100',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: '[A-Za-z0-9][A-Za-z0-9_.-]{0,63}',
            errorMessage: 'A plan ID has 1 to 64 letters, digits, dots, underscores or hyphens',
          },
        },
      ],
    },
  ],
};

/** The active plans, a page at a time, searched by the service. */
export async function searchPlans(
  this: ILoadOptionsFunctions,
  filter?: string,
  paginationToken?: string,
): Promise<INodeListSearchResult> {
  const { items, next_cursor } = await talktimeRequest<{ items: Plan[]; next_cursor: string | null }>(this, {
    method: 'GET',
    path: '/v1/plans',
    query: { search: filter, limit: PAGE_SIZE, cursor: paginationToken },
  });
  return {
    results: items.filter((plan) => plan.active).map((plan) => ({ name: planLabel(plan), value: plan.id })),
    paginationToken: next_cursor ?? undefined,
  };
}

/** "Starter: 100 minutes for 60 USD", "Monthly: 1000 credits + 50 bonus every month for 30 USD" */
export function planLabel({ name, minutes, credits, bonus, price, currency, recurring }: Plan): string {
  const size = minutes === null ? `${credits ?? 0} credits` : `${minutes} minutes`;
  const extra = bonus > 0 ? ` + ${bonus} bonus` : '';
  return `${name}: ${size}${extra}${recurring ? ` ${eachPeriod(recurring)}` : ''} for ${price} ${currency}`;
}

function eachPeriod({ period, every }: NonNullable<Plan['recurring']>): string {
  return every === 1 ? `every ${period}` : `every ${every} ${period}s`;
}

export function chosenPlan(context: IExecuteFunctions, itemIndex: number): string {
  const id = locatedId(context, 'plan', itemIndex);
  if (id !== undefined) return id;
  throw new NodeOperationError(context.getNode(), "No plan was given under 'Plan'", {
    description:
      'Choose one from the list, or enter an ID. If the field holds an expression, check that the incoming item has it.',
    itemIndex,
  });
}
