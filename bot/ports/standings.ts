import type { Runway, Status } from '@talktime/core/alerts';
import type { Microcredits } from '@talktime/core/money';

/** A customer in a list: everything is of whoever pays for its calls. */
export interface Standing {
  readonly customerId: string;
  readonly name: string;
  readonly payer: 'customer' | 'partner';
  readonly status: Status;
  readonly posted: Microcredits;
  readonly minutesLeft: number | null;
  readonly runway: Runway | null;
}

export interface StandingsPage {
  readonly standings: readonly Standing[];
  /** Of those that were asked for. */
  readonly total: number;
  /** Customers that were not looked at, because there are more than can be sorted. */
  readonly omitted: number;
}

export interface StandingData {
  /** Customers by how soon their credits run out; with `lowOnly` those alone that are not ok. Pages count from 1. */
  standings(partnerId: string, lowOnly: boolean, page: number, pageSize: number): Promise<StandingsPage>;
}
