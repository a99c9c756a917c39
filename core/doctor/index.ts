/** What is wrong with a customer's or a partner's set-up, and what mends it: the playbook's checklist and troubleshooting table. */
import type { Diagnosis } from '../contract';
import type { Database } from '../database';
import { examineCustomer } from './customer';
import type { CustomerFacts } from './facts';
import { worstState } from './finding';
import { gatherCustomer, gatherCustomers } from './gather-customers';
import { gatherPartner } from './gather-partner';
import { examinePartner } from './partner';

export { examineCustomer } from './customer';
export { examinePartner } from './partner';
export type { CustomerFacts, FailingEndpoint, FailingWebhook, PartnerFacts } from './facts';

/** So many customers with something broken are named. */
const MOST_NAMED = 10;

/** A diagnosis, with the wallet and the episode that the buttons of a customer's are about. */
export interface Diagnosed {
  readonly diagnosis: Diagnosis;
  readonly wallet: { readonly walletId: number; readonly episode: number } | null;
}

/** @throws TalktimeError CUSTOMER_NOT_FOUND */
export async function diagnoseCustomer(database: Database, partnerId: string, customerId: string): Promise<Diagnosed> {
  const facts = await database.asPartner(partnerId, (transaction) =>
    gatherCustomer(transaction, partnerId, customerId),
  );
  const findings = examineCustomer(facts);
  return {
    diagnosis: {
      customer: { id: facts.id, name: facts.name },
      state: worstState(findings),
      findings,
      broken_customers: null,
    },
    wallet: { walletId: facts.wallet.walletId, episode: facts.wallet.episode },
  };
}

/**
 * The partner itself, and how many of its customers have something broken. `takesPayments`: whether there is a Stripe key;
 * nothing is said of that when nobody says.
 */
export async function diagnosePartner(
  database: Database,
  partnerId: string,
  takesPayments: boolean | null = null,
): Promise<Diagnosed> {
  const { facts, customers } = await database.asPartner(partnerId, async (transaction) => ({
    facts: await gatherPartner(transaction, partnerId, takesPayments),
    customers: await gatherCustomers(transaction, partnerId),
  }));
  const broken = customers.map(brokenOf).filter(({ codes }) => codes.length > 0);
  const counts = { examined: customers.length, broken: broken.length };
  const findings = examinePartner(facts, counts);
  return {
    diagnosis: {
      customer: null,
      state: worstState(findings),
      findings,
      broken_customers: { examined: counts.examined, count: counts.broken, first: broken.slice(0, MOST_NAMED) },
    },
    wallet: null,
  };
}

function brokenOf(facts: CustomerFacts) {
  const broken = examineCustomer(facts).filter(({ state }) => state === 'broken');
  return { id: facts.id, name: facts.name, codes: broken.map(({ code }) => code) };
}
