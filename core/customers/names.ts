import type { Database } from '../database';

/** Names by ids. Who is not there is left out. */
export async function customerNames(
  database: Database,
  partnerId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ customer_id: string; name: string }>(
      'select customer_id, name from talktime.customers where partner_id = $1 and customer_id = any($2)',
      [partnerId, ids],
    ),
  );
  return new Map(rows.map((row) => [row.customer_id, row.name]));
}
