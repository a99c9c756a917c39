import { hash } from 'node:crypto';
import { HASH_VERSION } from '../identity';
import type { OperationRow, TransferRow, WalletSide } from '../state';

/** What the first posting of a wallet follows on. */
export const NO_HEAD = '0'.repeat(64);

/**
 * The hash chain of a wallet (money-rules 24): each posting's hash covers the one before it, everything that the posting
 * says of the wallet, and the operation behind it. The form is text, so that anybody can recompute it; it is written down
 * in core/ledger/proof/README.md, and `talktime verify` has its own hand at it. Hashes are hexadecimal.
 */
export function nextHead(
  head: string | null,
  partnerId: string,
  wallet: number,
  side: Omit<WalletSide, 'hash'>,
  transfer: Omit<TransferRow, 'debitSide' | 'creditSide' | 'burned'>,
  operation: string,
  backing: string,
): string {
  const text =
    `talktime.posting.v1\n${head ?? NO_HEAD}\n${partnerId}\n${wallet}\n${side.sequence}\n${transfer.operationId}\n` +
    `${transfer.line}\n${transfer.debit}\n${transfer.credit}\n${transfer.amount}\n${side.balance}\n${transfer.at}000\n` +
    `${transfer.floor ?? ''}\n${transfer.flagged}\n${transfer.flag ?? ''}\n${transfer.captured}\n${operation}` +
    (backing === '' ? '' : `\n${backing}`);
  return hash('sha256', text, 'hex');
}

/** An operation's part of that text: all of its row but its id, which the posting has, and its note, which can be erased. */
export function operationText(row: Omit<OperationRow, 'note'>): string {
  const { kind, key, contentHash, actor, at, callId, reverses } = row;
  return `${JSON.stringify([kind, key, contentHash, HASH_VERSION, actor, `${at}000`, callId, reverses])}\n${row.resultJson}`;
}

/** JSON with its names sorted and without spaces, because jsonb keeps neither order nor spaces. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const [name, start] of sortedNames(object)) {
    if (object[name] === undefined) continue;
    text += `${text === '' ? '' : ','}${start}${canonicalJson(object[name])}`;
  }
  return `{${text}}`;
}

type Names = readonly (readonly [name: string, start: string])[];

/** An object's names in order, each with how it is written; remembered, because all results look alike (half the time). */
function sortedNames(object: object): Names {
  const names = Object.keys(object);
  const shape = names.join('\0'); // which jsonb holds in no name
  const known = SHAPES.get(shape);
  if (known) return known;
  const sorted = names.sort().map((name) => [name, `${JSON.stringify(name)}:`] as const);
  if (SHAPES.size < MOST_SHAPES) SHAPES.set(shape, sorted);
  return sorted;
}

const SHAPES = new Map<string, Names>();
const MOST_SHAPES = 1_000;
