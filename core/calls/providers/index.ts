import { PROVIDERS, type Provider } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Delivery, ProviderAdapter } from './adapter';
import { bland } from './bland';
import { elevenlabs } from './elevenlabs';
import { generic } from './generic';
import { gohighlevel } from './gohighlevel';
import { livekit } from './livekit';
import { retell } from './retell';
import { synthflow } from './synthflow';
import { twilio } from './twilio';
import { ultravox } from './ultravox';
import { vapi } from './vapi';

export * from './adapter';

/** The voice providers that Talktime reads. A new one is a folder beside these, a line here and one in the contract. */
const ADAPTERS: Readonly<Record<Provider, ProviderAdapter>> = {
  retell,
  vapi,
  elevenlabs,
  ultravox,
  twilio,
  generic,
  bland,
  synthflow,
  livekit,
  gohighlevel,
};

export function adapterOf(provider: string): ProviderAdapter {
  if (!Object.hasOwn(ADAPTERS, provider))
    throw new TalktimeError('PROVIDER_UNKNOWN', `The provider is not known. Known are: ${PROVIDERS.join(', ')}.`);
  return ADAPTERS[provider as Provider];
}

/** The provider that a delivery comes from, by its headers. */
export function recognise(headers: Delivery['headers']): ProviderAdapter {
  const adapter = Object.values(ADAPTERS).find((each) => each.recognises(headers));
  if (!adapter) {
    throw new TalktimeError(
      'PROVIDER_UNKNOWN',
      'No provider signed these headers. Pass on the headers of the webhook as they came, or name the provider.',
    );
  }
  return adapter;
}
