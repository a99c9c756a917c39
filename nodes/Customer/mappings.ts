import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Mapping } from '../../core/contract';
import { textOf } from '../shared/parameters';

/** What identifies the customer's calls. */
export const mappingsField: INodeProperties = {
  displayName: 'Call Mapping',
  name: 'mappings',
  type: 'fixedCollection',
  typeOptions: { multipleValues: true },
  placeholder: 'Add Mapping',
  default: {},
  description: "What tells the customer's calls: its agents, its numbers. Those that are there already stay.",
  options: [
    {
      displayName: 'Mapping',
      name: 'mapping',
      values: [
        {
          displayName: 'Kind',
          name: 'kind',
          type: 'options',
          options: [
            { name: 'Agent ID', value: 'agent' },
            { name: 'Metadata', value: 'metadata', description: 'The customer ID in the metadata of a call' },
            { name: 'Phone Number', value: 'phone_number' },
          ],
          default: 'agent',
        },
        {
          displayName: 'Value',
          name: 'value',
          type: 'string',
          default: '',
          placeholder: 'e.g. agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
        },
      ],
    },
  ],
};

/** The mappings that were filled in: a row without a value is none. */
export function readMappings(context: IExecuteFunctions, itemIndex: number): Pick<Mapping, 'kind' | 'value'>[] {
  const { mapping = [] } = context.getNodeParameter('mappings', itemIndex, {}) as {
    mapping?: { kind: Mapping['kind']; value?: unknown }[];
  };
  return mapping.flatMap(({ kind, value }) => {
    const text = textOf(value);
    return text === undefined ? [] : [{ kind, value: text }];
  });
}
