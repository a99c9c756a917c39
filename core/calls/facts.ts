import { hash } from 'node:crypto';
import type { Microcredits } from '../money';

/** What a provider calls a call, and whose it is there. One identity whichever path a report comes by (money-rules 10). */
export interface CallIdentity {
  readonly provider: string;
  readonly account: string;
  readonly callId: string;
  readonly leg: string;
}

/** `provider:account:call id:leg`, each part escaped so that no two identities look alike. */
export function identityText(identity: CallIdentity): string {
  return [identity.provider, identity.account, identity.callId, identity.leg].map(encodeURIComponent).join(':');
}

/** Where a report came from; the higher rank is believed (money-rules 10). */
export const SOURCE_RANK = { fields: 1, signed_webhook: 2, provider_api: 3 } as const;

export type CallOutcome = 'connected' | 'unconnected' | 'provider_fault';

/** What one report says of a call, as far as its price depends on it. */
export interface CallFacts {
  readonly outcome: CallOutcome;
  readonly rawMilliseconds: number;
  /** What it cost the partner, in millionths of the currency; null when the report doesn't say. */
  readonly cost: { readonly amount: bigint; readonly currency: string } | null;
  readonly rank: 1 | 2 | 3;
  /** The provider's own order of its events: a later one knows better. null when it has none. */
  readonly order: number | null;
}

/** The time that is charged for: calls that did not connect, or failed at the provider, are free by rule. */
export function chargeableMilliseconds(facts: CallFacts): number {
  return facts.outcome === 'connected' ? facts.rawMilliseconds : 0;
}

export type Comparison = 'better' | 'same' | 'worse' | 'disputed_better' | 'disputed_worse';

/**
 * Which of two reports stands: by rank, then by the provider's order, never by arrival. With equal rank and no order,
 * fewer seconds stand and the other is for a human to review (`disputed_…`).
 */
export function compareFacts(report: CallFacts, standing: CallFacts): Comparison {
  if (report.rank !== standing.rank) return report.rank > standing.rank ? 'better' : 'worse';
  if (report.order !== null && standing.order !== null && report.order !== standing.order) {
    return report.order > standing.order ? 'better' : 'worse';
  }
  const difference = chargeableMilliseconds(report) - chargeableMilliseconds(standing);
  if (difference === 0) return 'same';
  return difference < 0 ? 'disputed_better' : 'disputed_worse';
}

/** Facts as they are stored; reads back as the same facts. */
export type FactsJson = Omit<CallFacts, 'cost'> & {
  readonly cost: { readonly amount: string; readonly currency: string } | null;
};

export function factsToJson(facts: CallFacts): FactsJson {
  const { outcome, rawMilliseconds, cost, rank, order } = facts;
  return {
    outcome,
    rawMilliseconds,
    cost: cost && { amount: cost.amount.toString(), currency: cost.currency },
    rank,
    order,
  };
}

export function factsFromJson(json: FactsJson): CallFacts {
  return { ...json, cost: json.cost && { amount: BigInt(json.cost.amount), currency: json.cost.currency } };
}

/** Two reports with the same hash say the same: the second is a replay. */
export function factsHash(facts: CallFacts): string {
  const known = HASHES.get(facts);
  if (known !== undefined) return known;
  const { outcome, rawMilliseconds, cost, rank, order } = factsToJson(facts);
  const text = JSON.stringify([outcome, rawMilliseconds, cost?.amount, cost?.currency, rank, order]);
  const digest = hash('sha256', text, 'hex');
  HASHES.set(facts, digest);
  return digest;
}

/** A report is hashed once, however often its hash is asked for. */
const HASHES = new WeakMap<CallFacts, string>();

/** What in a report may tell whose call it was. */
export interface CallClues {
  readonly agentId: string | null;
  readonly fromNumber: string | null;
  readonly toNumber: string | null;
  readonly direction: 'inbound' | 'outbound' | null;
  readonly metadataCustomerId: string | null;
}

export const NO_CLUES: CallClues = {
  agentId: null,
  fromNumber: null,
  toNumber: null,
  direction: null,
  metadataCustomerId: null,
};

export type MappingKind = 'agent' | 'phone_number' | 'metadata';

/** The mappings that a call's clues name: of its two numbers, the one on our side. */
export function mappingsOf(clues: CallClues): { kind: MappingKind; value: string }[] {
  const numbers =
    clues.direction === 'inbound'
      ? [clues.toNumber]
      : clues.direction === 'outbound'
        ? [clues.fromNumber]
        : [clues.toNumber, clues.fromNumber];
  return [
    { kind: 'agent' as const, value: clues.agentId },
    ...numbers.map((value) => ({ kind: 'phone_number' as const, value })),
    { kind: 'metadata' as const, value: clues.metadataCustomerId },
  ].filter(
    (mapping): mapping is { kind: MappingKind; value: string } => mapping.value !== null && mapping.value !== '',
  );
}

/** A phone number as mappings hold it: "+1 (415) 555-0199" -> "+14155550199". Names and SIP addresses stay as they are. */
export function normalizePhoneNumber(text: string): string {
  const bare = text.trim().replace(/[\s().-]/g, '');
  return /^\+?\d{3,}$/.test(bare) ? bare : text.trim();
}

/** What a call costs now, and who carries it. All in microcredits of the payer's rate, but `overagePaid` in the partner's. */
export interface CallCharge {
  readonly price: Microcredits;
  /** The part of the price that the partner carries (policy `partner`). */
  readonly overage: Microcredits;
  /** What that part took from the partner's wallet, at the partner's rate. */
  readonly overagePaid: Microcredits;
  /** The version of the partner's rate that it was priced with, which corrections keep; null before there was any. */
  readonly overageRate: number | null;
  /** What its cost took from the partner's wallet, which the price does not decide. */
  readonly costPaid: Microcredits;
}
