import type { Provider } from '../../contract';
import type { CallClues } from '../facts';
import type { Parsed } from './adapter';
import { retellApi } from './retell/api';
import { vapiApi } from './vapi/api';

/** A call that is going on, as its provider's API tells it. */
export interface LiveCall {
  readonly kind: 'live';
  readonly callId: string;
  /** Milliseconds; null before it was answered. */
  readonly startedAt: number | null;
  readonly clues: CallClues;
}

/** A provider's API with the key of one account. Every request has a time limit. Throws ProviderApiError. */
export interface ProviderApi {
  /** Calls that began between the two moments (milliseconds), ended or going on, in pages. `liveOnly`: the ended may be left out. */
  calls(from: number, to: number, liveOnly?: boolean): AsyncIterable<readonly (Parsed | LiveCall)[]>;
  /** One call; null when the provider knows none by this id. */
  call(callId: string): Promise<Parsed | LiveCall | null>;
  /** Hangs up. */
  endCall(callId: string): Promise<void>;
}

export interface ProviderApiOptions {
  readonly apiKey: string;
  /** Where the API is, when not at its usual address. */
  readonly url?: string;
}

const APIS: Partial<Record<Provider, (options: ProviderApiOptions) => ProviderApi>> = {
  retell: retellApi,
  vapi: vapiApi,
};

/** The API of a provider; null when Talktime does not know how to ask it. */
export function providerApi(provider: Provider, options: ProviderApiOptions): ProviderApi | null {
  return APIS[provider]?.(options) ?? null;
}
