/** What `talktime verify` can find. The codes are stable: alarms and runbooks may name them. */
export const FINDINGS = {
  SEQUENCE_GAP: 'postings are missing between two of a wallet',
  SEQUENCE_REPEATED: 'two postings of a wallet have the same place',
  POSTINGS_MISSING: "a wallet's newest postings are missing",
  STORED_SEQUENCE_WRONG: 'a wallet says it has fewer postings than it has',
  STORED_BALANCE_WRONG: "a wallet's stored balance is not that of its postings",
  HELD_WRONG: 'what a wallet holds back is not what its live holds reserve',
  BALANCE_WRONG: 'the balance after a posting is not the one before it and its amount',
  MOMENT_WRONG: 'a posting is dated before the one it follows, or apart from its operation',
  BELOW_FLOOR: 'a posting stands below its floor and is not flagged so',
  CHAIN_BROKEN: 'a posting, its operation, or its hash was changed',
  CHAIN_MISSING: 'a posting has no hash',
  HEAD_WRONG: "a wallet's head is not the hash of its newest posting",
  WALLET_MISSING: 'postings of a wallet that is not there',
  SIDE_WRONG: 'a side of a transfer is a wallet without a place in its sequence, or no wallet and has one',
  WALLETLESS_TRANSFER: 'a transfer between two counter accounts, which no chain covers',
  CONSERVATION_BROKEN: 'wallets and counter accounts do not sum up to zero',
  GRANT_MISSING: 'a grant is missing',
  GRANT_WRONG: 'what is left or expired of a grant is not what its credits and burns come to',
  GRANT_TERMS_WRONG: "a grant's terms are not those that its operation answered",
  BURN_WRONG: 'more was burned, given back or settled than there was',
  UNBACKED_WRONG: 'what no grant backs is not what the postings come to',
  USAGE_WRONG: 'what a wallet is said to have used in an hour is not what its postings come to',
  OPERATION_MISSING: 'a transfer without its operation',
  RESULT_WRONG: "an operation's result is not what its transfers did",
  REVERSED_TOO_MUCH: 'the reversals of an operation are more than it',
  CALL_MISSING: 'an operation of a call that is not there',
  CALL_WRONG: "a call's price is not what was posted for it",
  DISPUTED_WRONG: 'what a wallet sets apart for disputes is not what those of its payments come to',
  PAYMENT_WRONG: 'what became of a payment is not what its operations did',
  SEAL_MISSING: 'a seal is missing',
  SEAL_WRONG: "a seal's digest is not that of what it covers",
  SEAL_LINK_BROKEN: 'a seal does not name the digest of the seal before it',
  SEALED_HEAD_DIFFERS: "a wallet's chain is not the one that was sealed",
  SHORTER_THAN_SEALED: 'a wallet has fewer postings than were sealed',
  ANCHORED_SEAL_MISSING: 'a seal that was anchored outside the database is not there',
  ANCHORED_SEAL_DIFFERS: 'a seal is not the one that was anchored outside the database',
} as const;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  readonly partnerId: string;
  readonly walletId?: number;
  /** Of the wallet's posting. */
  readonly sequence?: bigint;
  readonly operationId?: string;
  readonly callId?: string;
  readonly seal?: bigint;
  readonly expected: string;
  readonly found: string;
}

/** A fault that runs through a wallet is told by its first traces; a report does not grow with the ledger. */
const MOST_ALIKE = 5;
const MOST_FINDINGS = 1_000;

/** Collects findings within those limits. */
export class Findings {
  readonly list: Finding[] = [];
  /** Findings beyond the limits, which are not in the list. */
  omitted = 0;
  readonly #alike = new Map<string, number>();

  add(finding: Finding): void {
    const kind = `${finding.code} ${finding.partnerId} ${finding.walletId ?? ''}`;
    const alike = (this.#alike.get(kind) ?? 0) + 1;
    this.#alike.set(kind, alike);
    if (alike > MOST_ALIKE || this.list.length >= MOST_FINDINGS) this.omitted++;
    else this.list.push(finding);
  }
}
