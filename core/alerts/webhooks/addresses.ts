import { lookup } from 'node:dns';
import { lookup as lookUp } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { TalktimeError } from '../../contract/errors';

/**
 * Where webhooks may go. `public`: https addresses of the internet alone, so that no partner can make the service call
 * what only the service can reach (SSRF). `any`: also this machine and its network, for one who runs everything alone.
 */
export type WebhookAddresses = 'public' | 'any';

/** The special-purpose ranges of RFC 6890 and its registries that are not the internet. */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv6');

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export function isPublic(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !NOT_PUBLIC.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Refuses an address before it is stored, with words for who typed it. What its name resolves to is looked at again at every delivery. */
export async function requireAllowed(url: string, addresses: WebhookAddresses): Promise<void> {
  if (addresses === 'any') return;
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:') throw refused('Webhooks are sent by https alone: what they say is nobody else’s to read.');
  const host = bare(hostname);
  if (isIP(host) !== 0 ? !isPublic(host) : await resolvesToPrivate(host))
    throw refused(
      'It leads to a private network. Give an address of the internet, or set WEBHOOK_ADDRESSES=any in the service if all of its partners are yours.',
    );
}

/** Resolves names for a request, and lets none through that leads to where webhooks may not go. */
export function guardedLookup(addresses: WebhookAddresses): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses === 'any' ? found : found.filter(({ address }) => isPublic(address));
      const [first] = allowed;
      if (!first) return callback(new AddressRefused('the address leads to a private network'), '', 0);
      return options.all ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
}

/** An address that is written as digits is never looked up, so it is judged by itself. */
export function requireAllowedLiteral(url: URL, addresses: WebhookAddresses): void {
  const host = bare(url.hostname);
  if (addresses === 'public' && (url.protocol !== 'https:' || (isIP(host) !== 0 && !isPublic(host))))
    throw new AddressRefused('the address leads to a private network');
}

async function resolvesToPrivate(host: string): Promise<boolean> {
  try {
    return (await lookUp(host, { all: true })).some(({ address }) => !isPublic(address));
  } catch {
    throw refused('Its name cannot be found. Check the spelling.');
  }
}

const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

const refused = (detail: string) =>
  new TalktimeError('WEBHOOK_ADDRESS_REFUSED', detail, [{ path: 'url', message: detail }]);
