import { hash } from 'node:crypto';

/** An id that follows from a name within a namespace (RFC 9562, version 5), so that a retry arrives at the same id. */
export function deriveId(namespace: string, name: string): string {
  const digest = hash(
    'sha1',
    Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]),
    'buffer',
  );
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Keys of requests, of calls, of what time brings, of what plans bring by themselves and of payments are namespaces of
 * their own: none can take another's (money-rules 10, 14, 17).
 */
export type KeySpace = 'request' | 'call' | 'time' | 'plan' | 'payment';

export function operationId(partnerId: string, space: KeySpace, key: string): string {
  return deriveId(partnerId, `${space} ${key}`);
}

/** Raised when the hash's canonical form changes, so that old keys stay comparable. */
export const HASH_VERSION = 1;

/**
 * The hash of an operation's business content in canonical form: names sorted, absent fields left out. Notes and
 * metadata are not part of it (money-rules 14).
 */
export function contentHash(content: Readonly<Record<string, string | number | bigint | null | undefined>>): string {
  const canonical = Object.entries(content)
    .filter(([, value]) => value !== undefined && value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, String(value)]);
  return hash('sha256', JSON.stringify(canonical), 'hex');
}
