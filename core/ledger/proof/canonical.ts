import { hash } from 'node:crypto';

/**
 * The auditor's own hand at what is hashed. It shares no code with the ledger that writes the hashes
 * (core/ledger/fold/chain.ts): a field that one of the two forgot would show. README.md has the form in words.
 */

export const NO_HASH = '00'.repeat(32);

export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** One side of a transfer as it is in the database. Moments are microseconds since 1970 as text, hashes hexadecimal. */
export interface Posting {
  readonly wallet: number;
  readonly sequence: bigint;
  readonly balance: bigint;
  readonly hash: string | null;
  readonly operation_id: string;
  readonly line: number;
  readonly debit: number;
  readonly credit: number;
  readonly amount: bigint;
  readonly at: string;
  readonly floor: bigint | null;
  readonly flagged: bigint;
  readonly flag: string | null;
  readonly captured: bigint;
  /** "grant:microcredits" by commas; null for credits, and where nothing was burned. */
  readonly burned: string | null;
}

export interface OperationRecord {
  readonly kind: string;
  readonly key: string;
  readonly content_hash: string;
  readonly hash_version: number;
  readonly actor: string;
  readonly operation_at: string;
  readonly call_id: string | null;
  readonly reverses: string | null;
  readonly result: unknown;
}

/** `backing`: what the posting did to what backs the wallet's postings; empty when nothing. */
export function postingHash(
  before: string,
  partnerId: string,
  posting: Posting,
  operation: OperationRecord,
  backing: string,
): string {
  const lines = [
    'talktime.posting.v1',
    before,
    partnerId,
    posting.wallet,
    posting.sequence,
    posting.operation_id,
    posting.line,
    posting.debit,
    posting.credit,
    posting.amount,
    posting.balance,
    posting.at,
    posting.floor ?? '',
    posting.flagged,
    posting.flag ?? '',
    posting.captured,
    JSON.stringify([
      operation.kind,
      operation.key,
      operation.content_hash,
      operation.hash_version,
      operation.actor,
      operation.operation_at,
      operation.call_id,
      operation.reverses,
    ]),
    sortedJson(operation.result),
    ...(backing === '' ? [] : [backing]),
  ];
  return sha256(lines.join('\n'));
}

/** JSON with the names of objects in order of their UTF-16 code units, and no spaces (as RFC 8785 has it). */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const object = value as Readonly<Record<string, unknown>>;
  let members = '';
  for (const name of Object.keys(object).sort())
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${sortedJson(object[name])}`;
  return `{${members}}`;
}

/** Microcredits as the JSON number of credits that a result carries. */
export function creditsNumber(micro: bigint): number {
  const digits = (micro < 0n ? -micro : micro).toString().padStart(7, '0');
  return Number(`${micro < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`);
}

/** Microcredits for reading. */
export function creditsText(micro: bigint): string {
  return `${creditsNumber(micro)} credits`;
}
