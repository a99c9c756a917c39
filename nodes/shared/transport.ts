import {
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type IHookFunctions,
  type IHttpRequestMethods,
  type ILoadOptionsFunctions,
  type IN8nHttpFullResponse,
} from 'n8n-workflow';
import type { ErrorCode, Problem } from '../../core/contract';
import { isProblem, noAnswer, notTalktime, refusal } from './refusals';

export const CREDENTIAL = 'talktimeApi';

/** Longer than any request to the service takes; a repeat after it is safe, since nothing is charged twice. */
const TIMEOUT_MS = 30_000;

export interface TalktimeRequest {
  method: IHttpRequestMethods;
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: object;
}

/** Where a request is made from: a run, a list in the editor, or a trigger that is switched on or off. */
export type TalktimeContext = IExecuteFunctions | ILoadOptionsFunctions | IHookFunctions;

/**
 * Sends one request to the service and gives its JSON answer. Every refusal becomes a NodeApiError that says what happened
 * and how to mend it. Status codes are judged here, because n8n's own wording for them hides the service's.
 */
export async function talktimeRequest<Answer extends object>(
  context: TalktimeContext,
  request: TalktimeRequest,
  itemIndex?: number,
): Promise<Answer> {
  const answer = await send<Answer>(context, request, itemIndex);
  if (answer.ok) return answer.body;
  throw refusal(context.getNode(), answer.problem, itemIndex);
}

/** What came of a request that may be refused in ways that the caller knows what to do with. */
export type Answered<Answer> = { ok: true; body: Answer } | { ok: false; problem: Problem };

/** The same, for a request of which some refusals are answers: those codes are given back, any other is thrown. */
export async function talktimeRequestOr<Answer extends object>(
  context: TalktimeContext,
  request: TalktimeRequest,
  expected: readonly ErrorCode[],
  itemIndex?: number,
): Promise<Answered<Answer>> {
  const answer = await send<Answer>(context, request, itemIndex);
  if (answer.ok || expected.includes(answer.problem.code as ErrorCode)) return answer;
  throw refusal(context.getNode(), answer.problem, itemIndex);
}

async function send<Answer extends object>(
  context: TalktimeContext,
  { method, path, query = {}, body }: TalktimeRequest,
  itemIndex?: number,
): Promise<Answered<Answer>> {
  const node = context.getNode();
  const { baseUrl, partnerId } = await readCredential(context, itemIndex);
  let response: IN8nHttpFullResponse;
  try {
    response = (await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, {
      method,
      url: `${baseUrl}${path}`,
      qs: withoutEmpty(query),
      body: body as IDataObject | undefined,
      json: true,
      headers: { Accept: 'application/json', ...(partnerId && { 'Talktime-Partner': partnerId }) },
      timeout: TIMEOUT_MS,
      returnFullResponse: true,
      ignoreHttpStatusErrors: true,
      // A redirected POST turns into a GET: better to be told the right address.
      disableFollowRedirect: true,
    })) as IN8nHttpFullResponse;
  } catch (error) {
    throw noAnswer(node, error, itemIndex);
  }
  const { statusCode, body: answer } = response;
  if (statusCode >= 400 && isProblem(answer)) return { ok: false, problem: answer };
  if (statusCode === 204) return { ok: true, body: {} as Answer };
  if (statusCode < 200 || statusCode > 299 || !isJsonObject(answer)) throw notTalktime(node, statusCode, itemIndex);
  return { ok: true, body: answer as unknown as Answer };
}

interface CredentialValues {
  baseUrl: string;
  /** A host key serves all partners, and must say which one is meant. */
  partnerId: string;
}

async function readCredential(context: TalktimeContext, itemIndex?: number): Promise<CredentialValues> {
  const credentials = await (context as IExecuteFunctions).getCredentials<{
    baseUrl?: unknown;
    partnerId?: unknown;
  }>(CREDENTIAL, itemIndex);
  const address = String(credentials.baseUrl ?? '')
    .trim()
    .replace(/\/+$/, '');
  if (!/^https?:\/\/[^\s/]/i.test(address)) {
    throw new NodeOperationError(context.getNode(), "The 'Base URL' of the credential is not a web address", {
      description: "Open the credential 'Talktime API' and enter an address such as https://talktime.example.com",
      itemIndex,
    });
  }
  return { baseUrl: address, partnerId: String(credentials.partnerId ?? '').trim() };
}

function withoutEmpty(query: NonNullable<TalktimeRequest['query']>): IDataObject {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
}

function isJsonObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
