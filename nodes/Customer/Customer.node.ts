import {
  NodeConnectionTypes,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { searchCustomers } from '../shared/customer';
import { failedUnlessStopping, succeeded } from '../shared/items';
import { CREDENTIAL } from '../shared/transport';
import { createOrUpdate, createOrUpdateFields } from './operations/createOrUpdate';
import { get, getFields, getMany } from './operations/get';
import { getReport, getReportFields } from './operations/getReport';
import { onboard, onboardFields } from './operations/onboard';

type Operation = 'createOrUpdate' | 'get' | 'getMany' | 'getReport' | 'onboard';

/** What an operation answers for an item: one or several. */
const RUN: Record<Operation, (context: IExecuteFunctions, itemIndex: number) => Promise<object[]>> = {
  createOrUpdate: async (context, itemIndex) => [await createOrUpdate(context, itemIndex)],
  get: async (context, itemIndex) => [await get(context, itemIndex)],
  getMany,
  getReport,
  onboard: async (context, itemIndex) => [await onboard(context, itemIndex)],
};

export class Customer implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Customer',
    name: 'customer',
    icon: { light: 'file:../icons/customer.svg', dark: 'file:../icons/customer.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle:
      '={{ { createOrUpdate: "Create or Update", get: "Get", getMany: "Get Many", getReport: "Get Report", onboard: "Onboard" }[$parameter["operation"]] }}',
    description:
      'Create, change, read or onboard the customers whose calls are charged. Onboarding with initial credits gives away credits that are worth money; the rest costs nothing.',
    defaults: { name: 'Customer' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      {
        displayName: 'Operation',
        name: 'operation',
        type: 'options',
        noDataExpression: true,
        options: [
          {
            name: 'Create or Update',
            value: 'createOrUpdate',
            description: 'Create a new record, or update the current one if it already exists (upsert)',
            action: 'Create or update a customer',
          },
          {
            name: 'Get',
            value: 'get',
            description: 'Get a customer with settings and balance',
            action: 'Get a customer',
          },
          { name: 'Get Many', value: 'getMany', description: 'List or search customers', action: 'Get many customers' },
          {
            name: 'Get Report',
            value: 'getReport',
            description: 'Usage or margin of a period, by customer, agent, provider or day',
            action: 'Get a report of customers',
          },
          {
            name: 'Onboard',
            value: 'onboard',
            description: 'A new customer with settings, mappings and initial credits in one step',
            action: 'Onboard a customer',
          },
        ],
        default: 'get',
      },
      ...createOrUpdateFields,
      ...getFields,
      ...getReportFields,
      ...onboardFields,
    ],
  };

  methods = { listSearch: { searchCustomers } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items: INodeExecutionData[] = [];
    for (let itemIndex = 0; itemIndex < this.getInputData().length; itemIndex += 1) {
      const operation = this.getNodeParameter('operation', itemIndex) as Operation;
      try {
        const answers = await RUN[operation](this, itemIndex);
        items.push(...answers.map((json) => succeeded(json as IDataObject, itemIndex).item));
      } catch (error) {
        items.push(failedUnlessStopping(this, error, itemIndex).item);
      }
    }
    return [items];
  }
}
