import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Customer } from '../../../core/contract';
import { chosenCustomer, customerField } from '../../shared/customer';
import { optionalText } from '../../shared/parameters';
import { talktimeRequest } from '../../shared/transport';

const ofOne = { show: { operation: ['get'] } };
const ofMany = { show: { operation: ['getMany'] } };

export const getFields: INodeProperties[] = [
  { ...customerField, description: 'Which customer', displayOptions: ofOne },
  {
    displayName: 'Return All',
    name: 'returnAll',
    type: 'boolean',
    default: false,
    description: 'Whether to return all results or only up to a given limit',
    displayOptions: ofMany,
  },
  {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 50,
    description: 'Max number of results to return',
    displayOptions: { show: { operation: ['getMany'], returnAll: [false] } },
  },
  {
    displayName: 'Search',
    name: 'search',
    type: 'string',
    default: '',
    placeholder: 'e.g. dental',
    description: 'A part of the name, or the beginning of the ID',
    displayOptions: ofMany,
  },
];

export async function get(context: IExecuteFunctions, itemIndex: number): Promise<Customer> {
  const id = await chosenCustomer(context, itemIndex);
  const path = `/v1/customers/${encodeURIComponent(id)}`;
  return await talktimeRequest(context, { method: 'GET', path }, itemIndex);
}

const PAGE_SIZE = 200;

/** Customers by name, a page after the other. */
export async function getMany(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject[]> {
  const search = optionalText(context, 'search', itemIndex);
  const most = context.getNodeParameter('returnAll', itemIndex, false)
    ? Infinity
    : Number(context.getNodeParameter('limit', itemIndex, 50));
  const customers: Customer[] = [];
  let cursor: string | undefined;
  do {
    const query = { search, cursor, limit: Math.min(PAGE_SIZE, most - customers.length) };
    const page = await talktimeRequest<{ items: Customer[]; next_cursor: string | null }>(
      context,
      { method: 'GET', path: '/v1/customers', query },
      itemIndex,
    );
    customers.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && customers.length < most);
  return customers as unknown as IDataObject[];
}
