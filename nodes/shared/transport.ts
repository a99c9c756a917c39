import {
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type IHttpRequestMethods,
  type ILoadOptionsFunctions,
  type IN8nHttpFullResponse,
} from 'n8n-workflow';
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

/**
 * Sends one request to the service and gives its JSON answer. Every refusal becomes a NodeApiError that says what happened
 * and how to mend it. Status codes are judged here, because n8n's own wording for them hides the service's.
 */
export async function talktimeRequest<Answer extends object>(
  context: IExecuteFunctions | ILoadOptionsFunctions,
  { method, path, query = {}, body }: TalktimeRequest,
  itemIndex?: number,
): Promise<Answer> {
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
  if (statusCode >= 400 && isProblem(answer)) throw refusal(node, answer, itemIndex);
  if (statusCode < 200 || statusCode > 299 || !isJsonObject(answer)) throw notTalktime(node, statusCode, itemIndex);
  return answer as unknown as Answer;
}

interface CredentialValues {
  baseUrl: string;
  /** A host key serves all partners, and must say which one is meant. */
  partnerId: string;
}

async function readCredential(
  context: IExecuteFunctions | ILoadOptionsFunctions,
  itemIndex?: number,
): Promise<CredentialValues> {
  const credentials = await context.getCredentials<{ baseUrl?: unknown; partnerId?: unknown }>(CREDENTIAL, itemIndex);
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
