/** A provider's API did not do what it was asked. Says the status, and nothing of the answer: it may hold a caller's words. */
export class ProviderApiError extends Error {
  override readonly name = 'ProviderApiError';

  constructor(
    readonly request: string,
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(status === null ? `${request} was not answered` : `${request} answered ${status}`, options);
  }
}

const TIMEOUT_MILLISECONDS = 10_000;

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Shown in errors instead of the address, which may hold ids. */
  readonly name: string;
  readonly apiKey: string | null;
  readonly body?: unknown;
}

/** Asks an API in JSON. null for 404; undefined for an empty answer. Redirects are not followed: they would carry the key along. */
export async function askApi({ method, url, name, apiKey, body }: ApiRequest): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      headers: {
        accept: 'application/json',
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch (cause) {
    throw new ProviderApiError(name, null, { cause });
  }
  if (response.status === 404) return null;
  if (!response.ok) throw new ProviderApiError(name, response.status);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProviderApiError(name, response.status, { cause });
  }
}
