import type { Diagnosis } from '@talktime/core/contract';

export interface Diagnosed {
  readonly diagnosis: Diagnosis;
  /** What the buttons of a customer's findings carry, as those of an alert: "<walletId>.<episode>". null: of the partner. */
  readonly target: string | null;
}

export interface DoctorData {
  /** What is wrong with a customer's set-up, or (null) with the partner's own. null when the customer is gone meanwhile. */
  diagnose(partnerId: string, customerId: string | null): Promise<Diagnosed | null>;
}
