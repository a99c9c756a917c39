import { z } from 'zod';
import { decimalText, parseCredits, status } from '../contract';
import { getBalance, listCustomers } from '../customers';
import type { Database } from '../database';
import type { Actor, Ledger } from '../ledger';
import { creditsText } from './customers';
import { orRefused, type ImportOptions, type Numbered, type RecordOutcome } from './outcome';
import {
  apply,
  hasHistory,
  NAMES_ONE_WALLET,
  nameInKey,
  nameOf,
  namesOneWallet,
  standing,
  walletFields,
  walletOf,
} from './wallets';

/** What a wallet holds. An import reads whose it is and `posted`; the rest is for the reader. */
export const balanceRecord = z
  .object({
    ...walletFields,
    posted: decimalText,
    held: decimalText.nullish(),
    disputed: decimalText.nullish(),
    available: decimalText.nullish(),
    status: status.nullish(),
    currency: z.string().nullish(),
    money: decimalText.nullish(),
  })
  .strict()
  .refine(namesOneWallet, NAMES_ONE_WALLET);
export type BalanceRecord = z.output<typeof balanceRecord>;

/** The partner's own balance and its customers', by name; as they stood at a moment when it is given. */
export async function* exportBalances(database: Database, partnerId: string, at?: Date): AsyncGenerator<BalanceRecord> {
  yield recordOf(await getBalance(database, partnerId, 'partner', at));
  let cursor: string | undefined;
  do {
    const page = await listCustomers(database, partnerId, { limit: 200, cursor });
    for (const customer of page.items)
      yield recordOf(at ? await getBalance(database, partnerId, { customerId: customer.id }, at) : customer.balance);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

function recordOf(balance: Awaited<ReturnType<typeof getBalance>>): BalanceRecord {
  const { posted, held, disputed, available, money, ...rest } = balance;
  return {
    ...rest,
    posted: creditsText(posted),
    held: creditsText(held),
    disputed: creditsText(disputed),
    available: creditsText(available),
    money: money === null ? null : creditsText(money),
  };
}

/**
 * Opens wallets with a balance: credits as a paid top-up, debt as an adjustment, which needs an overdraft or a grace that
 * covers it. A wallet is opened once: the key is made of the wallet, so the same record again changes nothing and another
 * amount is refused. One that has a history of its own is never added to.
 */
export async function* importBalances(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  records: readonly Numbered<BalanceRecord>[],
  { dryRun }: ImportOptions,
): AsyncGenerator<RecordOutcome> {
  for (const { record, value } of records) {
    const wallet = walletOf(value);
    yield orRefused(record, nameOf(wallet), async () => {
      const posted = parseCredits(value.posted, 'posted');
      const key = `import balance ${nameInKey(wallet)}`;
      const { state, known } = await standing(ledger.database, partnerId, wallet, [key]);
      if (known.size === 0 && state.posted === posted)
        return { outcome: 'nothing', detail: `the balance is ${value.posted}` };
      if (posted === 0n || (known.size === 0 && state.sequence > 0n)) throw hasHistory(wallet, state.posted);
      const request = { actor, key, note: 'Opening balance', wallet, amount: posted };
      const { replayed } = await apply(
        ledger,
        partnerId,
        posted > 0n ? { ...request, kind: 'top_up', grant: 'paid' } : { ...request, kind: 'adjustment' },
        dryRun,
      );
      return replayed
        ? { outcome: 'nothing', detail: `was opened with ${value.posted} already` }
        : { outcome: 'posted', detail: `${value.posted} credits` };
    });
  }
}
