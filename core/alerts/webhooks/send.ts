import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { guardedLookup, requireAllowedLiteral, type WebhookAddresses } from './addresses';

const TIMEOUT_MILLISECONDS = 15_000;

export interface Posted {
  readonly status: number;
  /** What the other side asked for by Retry-After; null when nothing. */
  readonly retryAfterSeconds: number | null;
}

/**
 * Posts a body and answers the status; what the other side says is not read. Redirects are not followed.
 * @throws when nothing answered, with words that name no address
 */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  addresses: WebhookAddresses,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    requireAllowedLiteral(target, addresses);
    const request = (target.protocol === 'https:' ? secureRequest : plainRequest)(target, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Talktime-Webhooks/1',
      },
      lookup: guardedLookup(addresses),
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      agent: false,
    });
    request.once('response', (response) => {
      const after = Number(response.headers['retry-after']);
      resolve({
        status: response.statusCode ?? 0,
        retryAfterSeconds: Number.isFinite(after) && after > 0 ? after : null,
      });
      response.destroy();
    });
    request.once('error', (error) => reject(new Error(reasonOf(error), { cause: error })));
    request.end(body);
  });
}

function reasonOf(error: Error): string {
  if (error.name === 'AddressRefused') return error.message;
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `nothing was answered within ${TIMEOUT_MILLISECONDS / 1000} s`;
  return (error as NodeJS.ErrnoException).code ?? 'the connection failed';
}
