import { type ExpressionString, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import type {
  Authorization,
  CallAuthorizeRequest,
  CallExtendRequest,
  ErrorCode,
  GateResult,
} from '../../core/contract';
import { locatedCustomer } from '../shared/customer';
import type { ItemResult } from '../shared/items';
import { requiredText, textOf } from '../shared/parameters';
import { readProviderWebhook } from '../shared/providerWebhook';
import { talktimeRequest, talktimeRequestOr } from '../shared/transport';

/** Whether a call may begin, the same whichever way it was asked. */
export interface Decision {
  allowed: boolean;
  /** The longest that the call may last; null when it was refused. */
  cap_seconds: number | null;
  /** Why it was refused: for the agency, never for the caller. */
  reason: string | null;
  /** The stable code of the reason, where there is one. */
  code: string | null;
  /** What the provider wants to hear; null for a call that was described by fields. */
  response: GateResult['response'] | null;
  /** The hold; null when refused, or when the provider's question was passed on. */
  authorization: Authorization | null;
}

/** Refusals that are an answer to the question, and nothing to mend in the workflow. */
const REFUSALS: readonly ErrorCode[] = [
  'INSUFFICIENT_CREDITS',
  'CONCURRENT_CALLS_LIMIT',
  'SPEND_LIMIT',
  'DISPUTE_OPEN',
  'RATE_REQUIRED',
  'CALL_UNMATCHED',
  'CALL_ENDED',
  'HOLD_ENDED',
];

/** Passes on the question that a provider asks. */
export async function decideQuestion(context: IExecuteFunctions, itemIndex: number): Promise<Decision> {
  const body = await readProviderWebhook(context, itemIndex);
  const { allowed, cap_seconds, reason, code, response } = await talktimeRequest<GateResult>(
    context,
    { method: 'POST', path: '/v1/calls/gate', body },
    itemIndex,
  );
  return { allowed, cap_seconds, reason, code, response, authorization: null };
}

/** Asks for a call that the fields describe. */
export async function decideFields(context: IExecuteFunctions, itemIndex: number): Promise<Decision> {
  const options = context.getNodeParameter('callOptions', itemIndex, {}) as Record<string, unknown>;
  const located = locatedCustomer(context, itemIndex);
  const minimum = textOf(options.minimumSeconds);
  const body: CallAuthorizeRequest = {
    ...readCall(context, itemIndex),
    account: textOf(options.account),
    agent_id: located.mode === 'agent' ? located.value : textOf(options.agentId),
    phone_number: located.mode === 'phone_number' ? located.value : textOf(options.phoneNumber),
    customer_id: located.mode === 'id' ? located.value : undefined,
    minimum_seconds: minimum === undefined ? undefined : Number(minimum),
  };
  const request = { method: 'POST', path: '/v1/calls/authorize', body } as const;
  const answer = await talktimeRequestOr<Authorization>(context, request, REFUSALS, itemIndex);
  if (answer.ok) {
    const { body: authorization } = answer;
    const { cap_seconds } = authorization.hold;
    return { allowed: true, cap_seconds, reason: null, code: null, response: null, authorization };
  }
  const { detail: reason, code } = answer.problem;
  return { allowed: false, cap_seconds: null, reason, code, response: null, authorization: null };
}

/** Extends or releases a call that was authorised. */
export async function change(
  context: IExecuteFunctions,
  operation: 'extend' | 'release',
  itemIndex: number,
): Promise<Authorization> {
  const body: CallExtendRequest = readCall(context, itemIndex);
  return await talktimeRequest(context, { method: 'POST', path: `/v1/calls/${operation}`, body }, itemIndex);
}

function readCall(context: IExecuteFunctions, itemIndex: number): { provider: string; call_id: string } {
  return {
    provider: requiredText(context, 'provider', 'Provider', itemIndex).toLowerCase(),
    call_id: requiredText(context, 'callId', 'Call ID', itemIndex),
  };
}

/** n8n evaluates this in the editor and before a run: one output, or two with names. */
export const OUTPUTS_EXPRESSION: ExpressionString = `={{ $parameter["splitByDecision"] && $parameter["operation"] === "authorize" ? ${JSON.stringify(
  ['Allowed', 'Refused'].map((displayName) => ({ type: 'main', displayName })),
)} : [{ "type": "main" }] }}`;

/** An item that could not be decided counts as refused: what follows must not let the call begin. */
export function splitByDecision(results: ItemResult[]): INodeExecutionData[][] {
  const allowed = ({ item, failed }: ItemResult) => !failed && item.json.allowed === true;
  return [
    results.filter(allowed).map(({ item }) => item),
    results.filter((result) => !allowed(result)).map(({ item }) => item),
  ];
}
