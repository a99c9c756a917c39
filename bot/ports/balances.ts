import type { Customer, Partner, Threshold } from '@talktime/core/contract';

export interface CustomerRef {
  readonly id: string;
  readonly name: string;
}

/** A customer with the standing of whoever pays for its calls. */
export interface CustomerBalance {
  readonly customer: Customer;
  readonly threshold: Threshold;
}

export interface PartnerBalance {
  readonly partner: Partner;
  readonly threshold: Threshold;
}

export interface BalanceData {
  partnerBalance(partnerId: string): Promise<PartnerBalance>;
  /** The customers whose id or name is `text`, without regard to case: none, one or a few. At most 5. */
  findCustomers(partnerId: string, text: string): Promise<CustomerRef[]>;
  /** Customers whose name contains `text` or whose id begins with it, by name; at most `limit` of 1 to 100. */
  searchCustomers(partnerId: string, text: string, limit: number): Promise<CustomerRef[]>;
  /** Ids and names to guess from when nothing was found: at most `limit`, any of them. */
  customerNames(partnerId: string, limit: number): Promise<CustomerRef[]>;
  /** The customer whose wallet it is; null for the partner's own, and for none. */
  customerOfWallet(partnerId: string, walletId: number): Promise<CustomerRef | null>;
  /** null when the customer is gone meanwhile. */
  customerBalance(partnerId: string, customerId: string): Promise<CustomerBalance | null>;
}
