import { randomUUID } from 'node:crypto';
import { NO_CLUES } from '@talktime/core/calls';
import { customerCreate, partnerCreate } from '@talktime/core/contract';
import { createCustomer, createPartner } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { topUp, type Actor, type CallReport, type Ledger } from '@talktime/core/ledger';

export const HOST: Actor = { id: 'bench', host: true };

export interface Wallet {
  readonly partnerId: string;
  readonly customerId: string;
}

/** Partners with customers, each with a price, credits, and a threshold with notifications on. */
export async function createSites(
  database: Database,
  ledger: Ledger,
  partners: number,
  customersEach: number,
): Promise<Wallet[]> {
  const sites = await Promise.all(
    Array.from({ length: partners }, async (_, index): Promise<Wallet[]> => {
      const { id: partnerId } = await createPartner(database, HOST, partnerCreate.parse({ name: `Partner ${index}` }));
      const wallets = Array.from({ length: customersEach }, (_each, n) => ({ partnerId, customerId: `customer-${n}` }));
      for (const wallet of wallets) await createWallet(database, wallet);
      await Promise.all(wallets.map((wallet) => fill(ledger, wallet)));
      return wallets;
    }),
  );
  return sites.flat();
}

async function createWallet(database: Database, { partnerId, customerId }: Wallet): Promise<void> {
  const settings = {
    ai_credits_enabled: true,
    price_per_minute: { credits: '12' },
    low_credit_threshold: '100',
    low_credit_notifications_enabled: true,
    max_call_seconds: 600,
  };
  await createCustomer(
    database,
    partnerId,
    HOST,
    customerCreate.parse({ id: customerId, name: `The customer ${customerId}`, settings }),
  );
}

/** Two grants: what is paid, and a bonus that burns first. */
async function fill(ledger: Ledger, { partnerId, customerId }: Wallet): Promise<void> {
  const give = (amount: string, kind: 'paid' | 'bonus') =>
    topUp(ledger, partnerId, HOST, {
      customer_id: customerId,
      amount,
      kind,
      idempotency_key: `${kind} ${customerId}`,
    });
  await Promise.all([give('1000000000', 'paid'), give('100', 'bonus')]);
}

/** A call of 61 s that has ended, as a provider's webhook tells it. */
export function callEnded(customerId: string): CallReport {
  return {
    kind: 'call',
    actor: HOST,
    identity: { provider: 'retell', account: 'default', callId: randomUUID(), leg: '' },
    facts: {
      outcome: 'connected',
      rawMilliseconds: 61_000,
      cost: { amount: 82_000n, currency: 'USD' },
      rank: 2,
      order: 1,
    },
    startedAt: null,
    clues: {
      ...NO_CLUES,
      agentId: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
      fromNumber: '+14155550123',
      toNumber: '+14155550199',
    },
    customerId,
  };
}
