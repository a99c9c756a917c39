import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { searchCustomers } from '../shared/customer';
import { forEachItem } from '../shared/items';
import { CREDENTIAL } from '../shared/transport';
import { change, decideFields, decideQuestion, OUTPUTS_EXPRESSION, splitByDecision } from './decision';
import { authorizeCallFields } from './fields';

export class AuthorizeCall implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Authorize Call',
    name: 'authorizeCall',
    icon: { light: 'file:../icons/authorizeCall.svg', dark: 'file:../icons/authorizeCall.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ { authorize: "May it begin?", extend: "Extend", release: "Release" }[$parameter["operation"]] }}',
    description:
      "Ask before a call whether the customer's credits cover it, and for how long. Holds the credits until the call ends; costs nothing by itself.",
    defaults: { name: 'Authorize Call' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: OUTPUTS_EXPRESSION,
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: authorizeCallFields,
  };

  methods = { listSearch: { searchCustomers } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const operation = this.getNodeParameter('operation', 0, 'authorize') as 'authorize' | 'extend' | 'release';
    const source = this.getNodeParameter('source', 0, 'providerWebhook');
    const results = await forEachItem(this, (itemIndex) => {
      if (operation !== 'authorize') return change(this, operation, itemIndex);
      return source === 'fields' ? decideFields(this, itemIndex) : decideQuestion(this, itemIndex);
    });
    return operation === 'authorize' && this.getNodeParameter('splitByDecision', 0, false)
      ? splitByDecision(results)
      : [results.map(({ item }) => item)];
  }
}
