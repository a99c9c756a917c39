import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import type { PlanApplied, PlanApplyRequest } from '../../core/contract';
import { chosenCustomer, customerField, searchCustomers } from '../shared/customer';
import { forEachItem } from '../shared/items';
import { noteField, referenceField } from '../shared/moneyFields';
import { requiredText, textOf } from '../shared/parameters';
import { chosenPlan, planField, searchPlans } from '../shared/plan';
import { CREDENTIAL, talktimeRequest } from '../shared/transport';

export class ApplyPlan implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Apply Plan',
    name: 'applyPlan',
    icon: { light: 'file:../icons/applyPlan.svg', dark: 'file:../icons/applyPlan.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle: '={{ $parameter["plan"]["cachedResultName"] || $parameter["plan"]["value"] }}',
    description:
      "Apply a credit plan, such as a pack of 100 minutes or 1,000 credits a month, to a customer: adds the plan's credits to the customer's wallet. A recurring plan starts a subscription, whose further periods are added without this node. This gives credits that are worth money; it does not collect the payment.",
    defaults: { name: 'Apply Plan' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      { ...customerField, description: 'Who gets the plan' },
      planField,
      { ...referenceField, placeholder: 'e.g. order-2026-118' },
      {
        displayName: 'Additional Fields',
        name: 'options',
        type: 'collection',
        placeholder: 'Add Field',
        default: {},
        options: [noteField],
      },
    ],
  };

  methods = { listSearch: { searchCustomers, searchPlans } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const results = await forEachItem(this, async (itemIndex) => {
      const { note } = this.getNodeParameter('options', itemIndex, {}) as { note?: unknown };
      const plan = chosenPlan(this, itemIndex);
      const body: PlanApplyRequest = {
        customer_id: await chosenCustomer(this, itemIndex),
        idempotency_key: requiredText(this, 'reference', 'Reference', itemIndex),
        note: textOf(note),
      };
      const path = `/v1/plans/${encodeURIComponent(plan)}/apply`;
      return await talktimeRequest<PlanApplied>(this, { method: 'POST', path, body }, itemIndex);
    });
    return [results.map(({ item }) => item)];
  }
}
