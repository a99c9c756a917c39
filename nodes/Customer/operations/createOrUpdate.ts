import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Customer, Mapping, OnboardingRequest } from '../../../core/contract';
import { optionalText, requiredText } from '../../shared/parameters';
import { refusal } from '../../shared/refusals';
import { talktimeRequest, talktimeRequestOr, type Answered } from '../../shared/transport';
import { mappingsField, readMappings } from '../mappings';
import { readSettings, settingsField } from '../settings';

const displayOptions = { show: { operation: ['createOrUpdate'] } };

export const createOrUpdateFields: INodeProperties[] = [
  {
    displayName: 'Customer ID',
    name: 'customerId',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. cus_acme',
    hint: 'Your own ID of the customer: the same one again updates it',
    description: '1 to 64 letters, digits, dots, underscores or hyphens',
    displayOptions,
  },
  {
    displayName: 'Name',
    name: 'name',
    type: 'string',
    default: '',
    placeholder: 'e.g. Acme Dental',
    description: 'Needed for a new customer. Left empty, the name of an existing one stays.',
    displayOptions,
  },
  { ...settingsField, displayOptions },
  { ...mappingsField, displayOptions },
];

/** Changes the customer when there is one, else creates it. Says which in `created`. */
export async function createOrUpdate(
  context: IExecuteFunctions,
  itemIndex: number,
): Promise<Customer & { created: boolean }> {
  const id = requiredText(context, 'customerId', 'Customer ID', itemIndex);
  const mappings = readMappings(context, itemIndex);
  const settings = settingsOf(context, itemIndex);
  const changed = await update(context, id, settings, mappings, itemIndex);
  if (changed.ok) return { ...changed.body, created: false };
  const name = requiredText(context, 'name', 'Name', itemIndex);
  const body: CustomerRequest = { id, name, settings, mappings };
  const request = { method: 'POST', path: '/v1/customers', body } as const;
  const made = await talktimeRequestOr<Customer>(context, request, ['CUSTOMER_EXISTS'], itemIndex);
  if (made.ok) return { ...made.body, created: true };
  // Another execution was faster.
  const again = await update(context, id, settings, mappings, itemIndex);
  if (again.ok) return { ...again.body, created: false };
  throw refusal(context.getNode(), again.problem, itemIndex);
}

type CustomerRequest = Pick<OnboardingRequest, 'id' | 'name' | 'settings' | 'mappings'>;

async function update(
  context: IExecuteFunctions,
  id: string,
  settings: CustomerRequest['settings'],
  mappings: readonly Pick<Mapping, 'kind' | 'value'>[],
  itemIndex: number,
): Promise<Answered<Customer>> {
  const path = `/v1/customers/${encodeURIComponent(id)}`;
  const request = {
    method: 'PATCH',
    path,
    body: { name: optionalText(context, 'name', itemIndex), settings },
  } as const;
  const changed = await talktimeRequestOr<Customer>(context, request, ['CUSTOMER_NOT_FOUND'], itemIndex);
  if (!changed.ok) return changed;
  for (const mapping of mappings) {
    const body: Mapping = { ...mapping, customer_id: id };
    await talktimeRequest(context, { method: 'POST', path: '/v1/mappings', body }, itemIndex);
  }
  return changed;
}

function settingsOf(context: IExecuteFunctions, itemIndex: number) {
  return readSettings(context.getNodeParameter('settings', itemIndex, {}) as Record<string, unknown>);
}
