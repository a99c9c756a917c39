/** An operation of a customer of which something is left to reverse. Amounts as they go over the wire. */
export interface Reversible {
  readonly operationId: string;
  readonly kind: 'top_up' | 'payment' | 'adjustment' | 'deduction' | 'plan' | 'call';
  /** Signed: what it did to the balance. */
  readonly amount: number;
  /** How much of it can be reversed at most. */
  readonly left: number;
  readonly note: string;
  readonly at: Date;
  /** The seconds of a call; null for what is none. */
  readonly callSeconds: number | null;
}

export interface ReversalData {
  /** The newest of them; at most `limit`. Calls once each. */
  reversible(partnerId: string, customerId: string, limit: number): Promise<Reversible[]>;
}
