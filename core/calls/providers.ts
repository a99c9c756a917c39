import { TalktimeError } from '../contract/errors';
import type { Delivery, ProviderAdapter } from './provider';
import { retell } from './retell';

/** The voice providers that Talktime reads. A new one is a folder beside retell/, and a line here and in the contract. */
const ADAPTERS: readonly ProviderAdapter[] = [retell];

export function adapterOf(provider: string): ProviderAdapter {
  const adapter = ADAPTERS.find((each) => each.provider === provider);
  if (!adapter)
    throw new TalktimeError(
      'PROVIDER_UNKNOWN',
      `The provider is not known. Known are: ${ADAPTERS.map((each) => each.provider).join(', ')}.`,
    );
  return adapter;
}

/** The provider that a delivery comes from, by its headers. */
export function recognise(headers: Delivery['headers']): ProviderAdapter {
  const adapter = ADAPTERS.find((each) => each.recognises(headers));
  if (!adapter) {
    throw new TalktimeError(
      'PROVIDER_UNKNOWN',
      'No provider signed these headers. Pass on the headers of the webhook as they came, or name the provider.',
    );
  }
  return adapter;
}
