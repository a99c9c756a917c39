import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { MarginReport, UsageReport } from '../../../core/contract';
import { textOf } from '../../shared/parameters';
import { talktimeRequest } from '../../shared/transport';

const displayOptions = { show: { operation: ['getReport'] } };

export const getReportFields: INodeProperties[] = [
  {
    displayName: 'Report',
    name: 'report',
    type: 'options',
    options: [
      { name: 'Margin', value: 'margin', description: 'Price, cost, markup and margin' },
      { name: 'Usage', value: 'usage', description: 'Calls, minutes raw and billed, and credits' },
    ],
    default: 'usage',
    displayOptions,
  },
  {
    displayName: 'Group By',
    name: 'groupBy',
    type: 'multiOptions',
    options: [
      { name: 'Agent', value: 'agent' },
      { name: 'Customer', value: 'customer' },
      { name: 'Day', value: 'day', description: 'UTC' },
      { name: 'Provider', value: 'provider' },
    ],
    default: ['customer'],
    description: 'What each item is a row of',
    displayOptions,
  },
  {
    displayName: 'Additional Fields',
    name: 'reportOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions,
    options: [
      {
        displayName: 'Customer ID',
        name: 'customerId',
        type: 'string',
        default: '',
        placeholder: 'e.g. cus_acme',
        description: 'Only calls of this customer',
      },
      {
        displayName: 'From',
        name: 'from',
        type: 'dateTime',
        default: '',
        description: 'Calls that began at this moment or later. 30 days ago unless set.',
      },
      {
        displayName: 'To',
        name: 'to',
        type: 'dateTime',
        default: '',
        description: 'Calls that began before this moment. Now unless set.',
      },
    ],
  },
];

/** The rows of a report, each with the period and the currency that it is about. */
export async function getReport(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject[]> {
  const report = context.getNodeParameter('report', itemIndex, 'usage') as 'margin' | 'usage';
  const groupBy = context.getNodeParameter('groupBy', itemIndex, ['customer']) as string[];
  const options = context.getNodeParameter('reportOptions', itemIndex, {}) as Record<string, unknown>;
  const query = {
    by: groupBy.join(','),
    customer_id: textOf(options.customerId),
    from: momentOf(options.from),
    to: momentOf(options.to),
  };
  const { rows, from, to, currency } = await talktimeRequest<MarginReport | UsageReport>(
    context,
    { method: 'GET', path: `/v1/reports/${report}`, query },
    itemIndex,
  );
  return rows.map((row) => ({ ...row, from, to, currency }));
}

/** As the service wants it; what is no moment goes as it is, for the service to name the field. */
function momentOf(value: unknown): string | undefined {
  const text = textOf(value);
  const moment = text === undefined ? undefined : new Date(text);
  return moment === undefined || Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}
