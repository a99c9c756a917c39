import type { BalanceData, CustomerBalance } from '@talktime/bot';
import { TalktimeError, type Customer } from '@talktime/core/contract';
import { customerOfWallet, getCustomer, getPartner, getThreshold, listCustomers } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';

const MOST_FOUND = 5;
const PAGE = 200;

export function balanceData(database: Database): BalanceData {
  const withThreshold = async (partnerId: string, customer: Customer): Promise<CustomerBalance> => ({
    customer,
    threshold: await getThreshold(database, partnerId, { customerId: customer.id }),
  });
  return {
    async partnerBalance(partnerId) {
      const [partner, threshold] = await Promise.all([
        getPartner(database, partnerId),
        getThreshold(database, partnerId, 'partner'),
      ]);
      return { partner, threshold };
    },

    async findCustomers(partnerId, text) {
      const wanted = text.trim().toLowerCase();
      const found: Customer[] = [];
      for await (const customer of customers(database, partnerId, text.trim())) {
        if (customer.id.toLowerCase() === wanted || customer.name.toLowerCase() === wanted) found.push(customer);
        if (found.length === MOST_FOUND) break;
      }
      return found.map(({ id, name }) => ({ id, name }));
    },

    async searchCustomers(partnerId, text, limit) {
      const { items } = await listCustomers(database, partnerId, { search: text.trim() || undefined, limit });
      return items.map(({ id, name }) => ({ id, name }));
    },

    async customerNames(partnerId, limit) {
      const { items } = await listCustomers(database, partnerId, { limit: Math.min(limit, PAGE) });
      return items.map(({ id, name }) => ({ id, name }));
    },

    customerOfWallet: (partnerId, walletId) => customerOfWallet(database, partnerId, walletId),

    async customerBalance(partnerId, customerId) {
      try {
        return await withThreshold(partnerId, await getCustomer(database, partnerId, customerId));
      } catch (error) {
        if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
        throw error;
      }
    },
  };
}

async function* customers(database: Database, partnerId: string, search?: string): AsyncGenerator<Customer> {
  let cursor: string | undefined;
  do {
    const page = await listCustomers(database, partnerId, { search, limit: PAGE, cursor });
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
