import { NodeApiError, type INode, type JsonObject } from 'n8n-workflow';
import type { ErrorCode, Problem } from '../../core/contract';

const RETRY = "Nothing is charged twice: run it again, or switch on 'Retry On Fail' in the settings of this node.";

/** What a builder does next in n8n. The service's own detail says what happened; it cannot know the fields' names here. */
const NEXT_STEP: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: "Open the credential 'Talktime API' and enter a valid 'API Key'.",
  SCOPE_MISSING: 'Use a credential whose API key has the scope that this needs.',
  HOST_KEY_REQUIRED: "Set 'Wallet' to Customer, or use a credential with the host's API key.",
  PARTNER_REQUIRED: "Open the credential 'Talktime API' and enter the 'Partner ID': a host key serves all partners.",
  CUSTOMER_KEY_LIMITED: 'Use a credential whose API key is not limited to one customer.',
  CUSTOMER_NOT_FOUND: "To choose from those that exist, set 'Customer' to From List.",
  CUSTOMER_EXISTS: "Choose another 'Customer ID', or use the operation Create or Update.",
  MAPPING_TAKEN: "Take it out under 'Call Mapping', or remove it from the other customer in Talktime first.",
  HOLD_NOT_FOUND: "Check 'Provider' and 'Call ID': they are those that the call was authorized with.",
  CALL_UNMATCHED: 'Map the agent or the number to a customer: the node Customer can do that.',
  WEBHOOK_ADDRESS_REFUSED:
    "n8n's own address is meant. Ask who runs n8n to set WEBHOOK_URL to its public https address, or who runs Talktime to set WEBHOOK_ADDRESSES=any.",
  WEBHOOK_LIMIT: 'Deactivate workflows with a Talktime Trigger that are not needed any more.',
  PLAN_NOT_FOUND: "To choose from those that exist, set 'Plan' to From List.",
  PLAN_INACTIVE: "Choose another plan under 'Plan', or make this one active in Talktime.",
  IDEMPOTENCY_CONFLICT:
    "Give each change a 'Reference' of its own, such as an invoice number. The same Reference with other values is never booked.",
  INSUFFICIENT_CREDITS:
    'Top the wallet up first, for example with the node Top Up, then run this again with the same Reference.',
  RATE_REQUIRED: "Set the customer's AI Credit Price Per Minute in Talktime, then run this again.",
  SIGNATURE_MISSING:
    'Check that the Webhook node receives the call from the provider itself and that its headers reach this node unchanged.',
  SIGNATURE_INVALID:
    "Check that the provider's signing secret in Talktime is the current one, and that 'Raw Body' is on in the Webhook node.",
  PROVIDER_UNKNOWN: "Choose the provider under 'Provider', or use the source 'Call' and enter the fields.",
  PAYLOAD_UNREADABLE: "Check that the Webhook node receives the provider's own webhook, and that 'Raw Body' is on.",
  RATE_LIMITED: RETRY,
  OVERLOADED: RETRY,
  INTERNAL: RETRY,
};

/** The fields of the wire under the names that the panel shows. */
const FIELD_NAMES: Record<string, string> = {
  account: 'Account',
  agent_id: 'Agent ID',
  amount: 'Amount (Credits)',
  body_base64: 'Input Binary Field',
  call_id: 'Call ID',
  'cost.amount': 'Cost',
  'cost.currency': 'Cost Currency',
  customer_id: 'Customer',
  from: 'From',
  headers: 'Headers',
  id: 'Customer ID',
  idempotency_key: 'Reference',
  'initial_credits.amount': 'Initial Credits',
  minimum_seconds: 'Minimum Seconds',
  minutes: 'Minutes',
  name: 'Name',
  leg: 'Leg',
  note: 'Note',
  phone_number: 'Phone Number',
  provider: 'Provider',
  grace_seconds: 'Grace Period (Seconds)',
  low_credit_threshold: 'Low Credit Threshold',
  max_call_seconds: 'Longest Call (Seconds)',
  max_concurrent_calls: 'Max Concurrent Calls',
  overdraft: 'Overdraft (Credits)',
  price_per_minute: 'AI Credit Price Per Minute',
  'price_per_minute.credits': 'AI Credit Price Per Minute',
  'price_per_minute.money': 'AI Credit Price Per Minute',
  seconds: 'Duration (Seconds)',
  started_at: 'Started At',
  to: 'To',
};

export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}

/**
 * The service said no: what is wrong as the message, the next step and the stable code below it. A single wrong field is the
 * message, by the name that the panel gives it rather than the API's.
 */
export function refusal(node: INode, problem: Problem, itemIndex?: number): NodeApiError {
  const fields = (problem.errors ?? []).map(wrongField);
  const [message, ...more] = fields.length === 1 ? fields : [problem.detail || problem.title, ...fields];
  const steps = [...more, NEXT_STEP[problem.code as ErrorCode] ?? '', `Code: ${problem.code}`].filter(Boolean);
  return apiError(node, message as string, steps.join(' '), {
    httpCode: String(problem.status),
    code: problem.code,
    itemIndex,
  });
}

/** "'Amount (Credits)': is missing." Some messages are whole sentences that name the field themselves. */
function wrongField({ path, message }: NonNullable<Problem['errors']>[number]): string {
  const name = `'${FIELD_NAMES[path.replace(/^settings\./, '')] ?? path}'`;
  const text = message.replace(/\.$/, '');
  return /^"[\w.]+" /.test(text) ? `${text.replace(/^"[\w.]+"/, name)}.` : `${name}: ${text}.`;
}

/** Nothing answered: refused, unreachable, too slow, or blocked by n8n itself. Names no address, since it is a credential's. */
export function noAnswer(node: INode, cause: unknown, itemIndex?: number): NodeApiError {
  const { code, text } = causeOf(cause);
  const blocked = /ssrf|restricted (ip|host)|destination hostname is restricted/i.test(text);
  return blocked
    ? apiError(
        node,
        "n8n blocked the request to the 'Base URL' of the credential",
        'It leads to a private address. Ask who runs n8n to add the host to N8N_SSRF_ALLOWED_HOSTNAMES. Code: BLOCKED_BY_N8N',
        { code: 'BLOCKED_BY_N8N', itemIndex },
      )
    : apiError(
        node,
        'Talktime did not answer',
        `Check that the service runs and that n8n can reach the 'Base URL' of the credential. ${RETRY} Code: ${code}`,
        { code, itemIndex },
      );
}

/** Something answered, but not the service: a proxy's page, a redirect, a wrong path. */
export function notTalktime(node: INode, status: number, itemIndex?: number): NodeApiError {
  const redirect = status >= 300 && status <= 399;
  return apiError(
    node,
    redirect
      ? "The 'Base URL' of the credential redirects elsewhere"
      : `The answer did not come from Talktime (HTTP ${status})`,
    redirect
      ? "Enter the final address under 'Base URL', usually the one with https://. Code: NOT_TALKTIME"
      : `Check 'Base URL' in the credential: no path, and nothing such as a login page in front of it. ${status >= 500 ? `${RETRY} ` : ''}Code: NOT_TALKTIME`,
    { httpCode: String(status), code: 'NOT_TALKTIME', itemIndex },
  );
}

/** The code that goes with a refusal, for the item of a node that continues. */
export function codeOf(error: unknown): string | undefined {
  const data = error instanceof NodeApiError ? (error.context.data as { code?: string } | undefined) : undefined;
  return data?.code;
}

/** Built from our own words only: the raw request, its headers and the address stay out. */
function apiError(
  node: INode,
  message: string,
  description: string,
  { httpCode, code, itemIndex }: { httpCode?: string; code: string; itemIndex?: number },
): NodeApiError {
  const error = new NodeApiError(node, { message, code } as JsonObject, { message, description, httpCode, itemIndex });
  // NodeApiError swaps in its own text for messages that contain a network code; ours is the better one.
  error.message = message;
  error.context.data = { code };
  return error;
}

function causeOf(cause: unknown): { code: string; text: string } {
  const seen: string[] = [];
  let code = 'NO_ANSWER';
  for (let next: unknown = cause, depth = 0; typeof next === 'object' && next !== null && depth < 5; depth += 1) {
    const { code: nextCode, name, message, description } = next as Record<string, unknown>;
    if (typeof nextCode === 'string' && /^[A-Z_]{3,40}$/.test(nextCode)) code = nextCode;
    seen.push(...[name, message, description].filter((part): part is string => typeof part === 'string'));
    next = (next as { cause?: unknown }).cause;
  }
  return { code, text: seen.join(' ') };
}
