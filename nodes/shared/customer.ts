import {
  NodeOperationError,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchResult,
  type INodeParameterResourceLocator,
  type INodeProperties,
} from 'n8n-workflow';
import type { Customer, Mapping } from '../../core/contract';
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
    {
      displayName: 'By Phone Number',
      name: 'phone_number',
      type: 'string',
      placeholder: 'e.g. +14155550199',
      hint: 'A number that is mapped to the customer in Talktime',
    },
    {
      displayName: 'By Agent ID',
      name: 'agent',
      type: 'string',
      placeholder: 'e.g. agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
      hint: 'An agent that is mapped to the customer in Talktime',
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

export async function chosenWallet(context: IExecuteFunctions, itemIndex: number): Promise<WalletChoice> {
  return context.getNodeParameter('wallet', itemIndex, 'customer') === 'partner'
    ? { wallet: 'partner' }
    : { customer_id: await chosenCustomer(context, itemIndex) };
}

/** The customer's id. One that is named by an agent or a number is looked up among the mappings, each once a run. */
export async function chosenCustomer(context: IExecuteFunctions, itemIndex: number): Promise<string> {
  const located = locatedCustomer(context, itemIndex);
  if (located.mode === 'id') return located.value;
  if (located.mode !== 'none') return await lookUp(context, located.mode, located.value, itemIndex);
  throw new NodeOperationError(context.getNode(), "No customer was given under 'Customer'", {
    description:
      'Choose one from the list, or enter an ID. If the field holds an expression, check that the incoming item has it.',
    itemIndex,
  });
}

export type LocatedCustomer = { mode: 'id' | Mapping['kind']; value: string } | { mode: 'none' };

/** What the field 'Customer' holds, as the builder named it. */
export function locatedCustomer(context: IExecuteFunctions, itemIndex: number): LocatedCustomer {
  const locator = context.getNodeParameter('customer', itemIndex, '') as INodeParameterResourceLocator | string | null;
  const value = locatedId(context, 'customer', itemIndex);
  if (value === undefined) return { mode: 'none' };
  const mode = typeof locator === 'object' && locator !== null ? locator.mode : 'id';
  return { mode: mode === 'phone_number' || mode === 'agent' ? mode : 'id', value };
}

const KIND_NAMES = { agent: 'agent', phone_number: 'phone number', metadata: 'metadata value' } as const;
const lookups = new WeakMap<IExecuteFunctions, Map<string, Promise<string | undefined>>>();

async function lookUp(
  context: IExecuteFunctions,
  kind: Mapping['kind'],
  value: string,
  itemIndex: number,
): Promise<string> {
  const known = lookups.get(context) ?? new Map<string, Promise<string | undefined>>();
  lookups.set(context, known);
  const key = `${kind} ${value}`;
  const asked = known.get(key) ?? askMapping(context, kind, value, itemIndex);
  known.set(key, asked);
  const customerId = await asked;
  if (customerId !== undefined) return customerId;
  throw new NodeOperationError(context.getNode(), `No customer has the ${KIND_NAMES[kind]} "${value}"`, {
    description: `Map it to a customer in Talktime, or set 'Customer' to From List. The node Customer can map it, too.`,
    itemIndex,
  });
}

async function askMapping(
  context: IExecuteFunctions,
  kind: Mapping['kind'],
  value: string,
  itemIndex: number,
): Promise<string | undefined> {
  const query = { kind, value };
  const { items } = await talktimeRequest<{ items: Mapping[] }>(
    context,
    { method: 'GET', path: '/v1/mappings', query },
    itemIndex,
  );
  return items[0]?.customer_id;
}
