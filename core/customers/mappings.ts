import { audit } from '../access/audit';
import { normalizePhoneNumber } from '../calls/facts';
import type { Mapping } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { lockPartner, type Actor } from '../ledger';

/** The values that identify customers in a provider's payload, by kind and value. */
export async function listMappings(
  database: Database,
  partnerId: string,
  filter: { customerId?: string; kind?: Mapping['kind']; value?: string },
): Promise<Mapping[]> {
  const conditions = [
    ['customer_id', filter.customerId],
    ['kind', filter.kind],
    ['value', filter.kind && filter.value && storedValue(filter.kind, filter.value)],
  ].filter((condition): condition is [string, string] => condition[1] !== undefined);
  return database.asPartner(partnerId, (transaction) =>
    transaction.query<Mapping>(
      `select kind, value, customer_id
       from talktime.mappings
       where partner_id = $1 ${conditions.map(([column], index) => `and ${column} = $${index + 2}`).join(' ')}
       order by kind, value
       limit 10000`,
      [partnerId, ...conditions.map(([, value]) => value)],
    ),
  );
}

/** Says that calls with this agent, number or metadata value are a customer's. Saying it again changes nothing. */
export async function addMapping(
  database: Database,
  partnerId: string,
  actor: Actor,
  mapping: Mapping,
): Promise<Mapping> {
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const { row } = await insertMapping(transaction, partnerId, mapping);
    await audit(transaction, partnerId, actor, 'mapping.added', mapping.customer_id, { kind: mapping.kind });
    return row;
  });
}

/** Forgets a mapping. Calls that were charged by it stay as they are. */
export async function removeMapping(
  database: Database,
  partnerId: string,
  actor: Actor,
  kind: Mapping['kind'],
  value: string,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const [row] = await transaction.query<{ customer_id: string }>(
      'delete from talktime.mappings where partner_id = $1 and kind = $2 and value = $3 returning customer_id',
      [partnerId, kind, storedValue(kind, value)],
    );
    if (!row)
      throw new TalktimeError('MAPPING_NOT_FOUND', 'There is no such mapping. The list of mappings shows them.');
    await audit(transaction, partnerId, actor, 'mapping.removed', row.customer_id, { kind });
  });
}

/** The partner's lock must be held: a call that is being charged reads mappings under it. */
export async function insertMapping(
  transaction: Transaction,
  partnerId: string,
  mapping: Mapping,
): Promise<{ row: Mapping; added: boolean }> {
  const value = storedValue(mapping.kind, mapping.value);
  const known = await transaction.query('select 1 from talktime.customers where partner_id = $1 and customer_id = $2', [
    partnerId,
    mapping.customer_id,
  ]);
  if (known.length === 0)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${mapping.customer_id}". Check the id, or create the customer first.`,
    );
  const added = await transaction.query(
    'insert into talktime.mappings (partner_id, kind, value, customer_id) values ($1, $2, $3, $4) on conflict do nothing returning 1',
    [partnerId, mapping.kind, value, mapping.customer_id],
  );
  const [row] = await transaction.query<Mapping>(
    'select kind, value, customer_id from talktime.mappings where partner_id = $1 and kind = $2 and value = $3',
    [partnerId, mapping.kind, value],
  );
  if (row!.customer_id !== mapping.customer_id) {
    throw new TalktimeError(
      'MAPPING_TAKEN',
      `This ${mapping.kind.replace('_', ' ')} belongs to the customer "${row!.customer_id}". Remove that mapping first.`,
    );
  }
  return { row: row!, added: added.length > 0 };
}

function storedValue(kind: Mapping['kind'], value: string): string {
  return kind === 'phone_number' ? normalizePhoneNumber(value) : value.trim();
}

/** What the gate needs to know of a customer for when the ledger cannot be asked. */
export interface GatePolicy {
  readonly failure: 'closed' | 'open';
  readonly maxCallSeconds: number;
}

/** The policies of the customers that an agent or a number belongs to; by the mappings alone. */
export async function gatePolicies(
  database: Database,
  partnerId: string,
  clues: { readonly agentId: string | null; readonly toNumber: string | null },
): Promise<GatePolicy[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ gate_failure: GatePolicy['failure']; max_call_seconds: number }>(
      `select gate_failure, max_call_seconds from talktime.customers
       where partner_id = $1 and customer_id in (
         select customer_id from talktime.mappings
         where partner_id = $1 and (kind, value) in (('agent', $2), ('phone_number', $3)))`,
      [partnerId, clues.agentId ?? '', clues.toNumber ?? ''],
    ),
  );
  return rows.map((row) => ({ failure: row.gate_failure, maxCallSeconds: row.max_call_seconds }));
}
