import type { StatementLine } from '@talktime/core/contract';

export interface HistoryPage {
  /** Newest first. */
  readonly lines: readonly StatementLine[];
  /** Where the next page begins; null on the last. Opaque. */
  readonly next: string | null;
}

export interface HistoryData {
  /** A wallet's entries: a customer's, or (null) the partner's own. null when the customer is gone meanwhile. */
  history(partnerId: string, customerId: string | null, limit: number, cursor?: string): Promise<HistoryPage | null>;
}
