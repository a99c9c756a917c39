import { audit } from '../access/audit';
import { parseMillionths, type ExchangeRate } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { lockPartner, type Actor } from '../ledger';
import { toJsonNumber } from '../money';

interface Row {
  currency: string;
  version: number;
  rate: bigint;
  effective_from: Date;
}

/** What other currencies are worth now, by their codes. */
export async function listExchangeRates(database: Database, partnerId: string): Promise<ExchangeRate[]> {
  return database.asPartner(partnerId, async (transaction) => {
    const rows = await readRates(transaction, partnerId);
    return [...new Map(rows.map((row) => [row.currency, toExchangeRate(row)])).values()];
  });
}

/** Sets what one unit of another currency is worth from now on. Earlier calls keep the rate of their start (money-rules 1). */
export async function setExchangeRate(
  database: Database,
  partnerId: string,
  actor: Actor,
  currency: string,
  text: string,
): Promise<ExchangeRate> {
  const rate = parseMillionths(text, 'rate');
  if (rate <= 0n)
    throw new TalktimeError('REQUEST_INVALID', 'A rate is above zero.', [{ path: 'rate', message: 'above zero' }]);
  return database.asPartner(partnerId, async (transaction) => {
    const locked = await lockPartner(transaction, partnerId);
    if (!locked) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
    if (currency === locked.partner.currency)
      throw new TalktimeError('REQUEST_INVALID', `${currency} is the partner's own currency, so it needs no rate.`, [
        { path: 'currency', message: "the partner's own" },
      ]);
    const latest = (await readRates(transaction, partnerId)).findLast((row) => row.currency === currency);
    if (latest?.rate === rate) return toExchangeRate(latest);
    const next = { currency, version: (latest?.version ?? 0) + 1, rate, effective_from: new Date(locked.now) };
    await transaction.query(
      'insert into talktime.exchange_rates (partner_id, currency, version, rate, effective_from) values ($1, $2, $3, $4, $5)',
      [partnerId, currency, next.version, rate, next.effective_from],
    );
    await audit(transaction, partnerId, actor, 'exchange_rate.set', currency, { rate: text, version: next.version });
    return toExchangeRate(next);
  });
}

async function readRates(transaction: Transaction, partnerId: string): Promise<Row[]> {
  return transaction.query<Row & Record<string, unknown>>(
    `select currency, version, rate, effective_from
     from talktime.exchange_rates
     where partner_id = $1
     order by currency, version`,
    [partnerId],
  );
}

function toExchangeRate({ currency, rate, effective_from }: Row): ExchangeRate {
  return { currency, rate: toJsonNumber(rate), effective_from: effective_from.toISOString() };
}
