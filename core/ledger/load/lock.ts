import type { Transaction } from '../../database';
import type { ExchangeRate, PartnerState } from '../state';

/**
 * Takes the partner's lock, and with it the right to change anything of the partner's. Every writer takes this one lock
 * first and no other (docs/decisions/0002). Answers the moment after the lock was taken, in milliseconds: a batch that
 * waited must not be dated before the one that it waited for (money-rules 17).
 */
export async function lockPartner(
  transaction: Transaction,
  partnerId: string,
): Promise<{ now: number; partner: PartnerState } | null> {
  const [rows, [clock]] = await Promise.all([
    transaction.query<PartnerRow & Record<string, unknown>>(LOCK, [partnerId]),
    transaction.query<{ now: Date }>(`select date_trunc('milliseconds', talktime.clock()) as now`),
  ]);
  return rows[0] ? { now: clock!.now.getTime(), partner: toPartner(rows[0]) } : null;
}

interface PartnerRow {
  currency: string;
  credit_value: bigint;
  funding: PartnerState['funding'];
  track_cost: boolean;
  dispute_policy: PartnerState['disputePolicy'];
  announces: boolean;
  exchange_rates: { currency: string; rate: string; from: number }[] | null;
}

const LOCK = `
  select currency, credit_value, funding, track_cost, dispute_policy, announces,
         case when track_cost then (
           select jsonb_agg(jsonb_build_object('currency', e.currency, 'rate', e.rate::text, 'from', extract(epoch from e.effective_from) * 1000)
                            order by e.currency, e.version)
           from talktime.exchange_rates e
           where e.partner_id = $1
         ) end as exchange_rates
  from talktime.partners
  where partner_id = $1
  for no key update`;

function toPartner(row: PartnerRow): PartnerState {
  const exchangeRates = new Map<string, ExchangeRate[]>();
  for (const { currency, rate, from } of row.exchange_rates ?? []) {
    const versions = exchangeRates.get(currency) ?? [];
    versions.push({ rate: BigInt(rate), effectiveFrom: from });
    exchangeRates.set(currency, versions);
  }
  const { currency, credit_value: creditValue, funding, track_cost: trackCost, announces } = row;
  const { dispute_policy: disputePolicy } = row;
  return { currency, creditValue, funding, trackCost, disputePolicy, announces, exchangeRates };
}
