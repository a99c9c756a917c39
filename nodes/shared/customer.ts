import {
  NodeOperationError,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchResult,
  type INodeProperties,
} from 'n8n-workflow';
import type { Customer } from '../../core/contract';
import { locatedId } from './parameters';
import { talktimeRequest } from './transport';

const PAGE_SIZE = 50;

/** Whose wallet: a customer's, or the partner's own. */
export const walletField: INodeProperties = {
  displayName: 'Wallet',
  name: 'wallet',
  type: 'options',
  noDataExpression: true,
  options: [
    { name: 'Customer', value: 'customer', description: 'The balance of one of your customers' },
    { name: 'Partner', value: 'partner', description: 'Your own balance, as the agency' },
  ],
  default: 'customer',
};

export const customerField: INodeProperties = {
  displayName: 'Customer',
  name: 'customer',
  type: 'resourceLocator',
  required: true,
  default: { mode: 'list', value: '' },
  description: 'Whose wallet it is',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a customer…',
      typeOptions: { searchListMethod: 'searchCustomers', searchable: true },
    },
    {
      displayName: 'By ID',
      name: 'id',
      type: 'string',
      placeholder: 'e.g. cus_acme',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: '[A-Za-z0-9][A-Za-z0-9_.-]{0,63}',
            errorMessage: 'A customer ID has 1 to 64 letters, digits, dots, underscores or hyphens',
          },
        },
      ],
    },
  ],
};

/** The customers, a page at a time, searched by the service. */
export async function searchCustomers(
  this: ILoadOptionsFunctions,
  filter?: string,
  paginationToken?: string,
): Promise<INodeListSearchResult> {
  const { items, next_cursor } = await talktimeRequest<{ items: Customer[]; next_cursor: string | null }>(this, {
    method: 'GET',
    path: '/v1/customers',
    query: { search: filter, limit: PAGE_SIZE, cursor: paginationToken },
  });
  return {
    results: items.map(({ id, name }) => ({ name: `${name} (${id})`, value: id })),
    paginationToken: next_cursor ?? undefined,
  };
}

/** The wallet as a request names it. */
export type WalletChoice = { customer_id: string } | { wallet: 'partner' };

export function chosenWallet(context: IExecuteFunctions, itemIndex: number): WalletChoice {
  return context.getNodeParameter('wallet', itemIndex, 'customer') === 'partner'
    ? { wallet: 'partner' }
    : { customer_id: chosenCustomer(context, itemIndex) };
}

export function chosenCustomer(context: IExecuteFunctions, itemIndex: number): string {
  const id = locatedId(context, 'customer', itemIndex);
  if (id !== undefined) return id;
  throw new NodeOperationError(context.getNode(), "No customer was given under 'Customer'", {
    description:
      'Choose one from the list, or enter an ID. If the field holds an expression, check that the incoming item has it.',
    itemIndex,
  });
}
