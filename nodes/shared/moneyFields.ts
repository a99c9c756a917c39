import type { INodeProperties } from 'n8n-workflow';

export const amountField: INodeProperties = {
  displayName: 'Amount (Credits)',
  name: 'amount',
  type: 'string',
  required: true,
  default: '',
  placeholder: 'e.g. 100',
  description: 'In credits, above zero, with at most 6 decimals',
};

/** The idempotency key. It has no default: anything that n8n could fill in would change when an execution is retried. */
export const referenceField: INodeProperties = {
  displayName: 'Reference',
  name: 'reference',
  type: 'string',
  required: true,
  default: '',
  placeholder: 'e.g. invoice-2026-118',
  hint: 'An invoice, order or payment number: what is the same when this runs again and different for the next one',
  description:
    'Makes this happen once. The same Reference again changes nothing, so retries are safe. Take it from your business data; never from an execution ID, a loop counter or a clock.',
};

export const noteField: INodeProperties = {
  displayName: 'Note',
  name: 'note',
  type: 'string',
  default: '',
  placeholder: 'e.g. Paid by bank transfer',
  description: 'Shown in the history, at most 500 characters',
};
