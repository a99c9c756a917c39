import { factsFromJson, type FactsJson } from '../../calls/facts';
import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { factsKey, mappingKey, type CallState, type SeenFacts } from '../state';

interface CallRow {
  call_id: string;
  provider: string;
  account: string;
  provider_call_id: string;
  leg: string;
  state: CallState['state'];
  reason: string | null;
  customer_id: string | null;
  payer: CallState['payer'];
  payer_rate: number | null;
  revision: number;
  price: Microcredits;
  overage: Microcredits;
  overage_paid: Microcredits;
  overage_rate: number | null;
  cost_paid: Microcredits;
  reversed: Microcredits;
  in_review: Microcredits;
  facts: FactsJson;
  started_at: Date;
  received_at: Date;
  agent_id: string | null;
  from_number: string | null;
  to_number: string | null;
  direction: 'inbound' | 'outbound' | null;
  metadata_customer_id: string | null;
  carrier_call_id: string | null;
  linked_to: string | null;
  billed_seconds: number;
  cost: bigint | null;
}

export async function loadCalls(
  transaction: Transaction,
  partnerId: string,
  ids: string[],
): Promise<Map<string, CallState>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<CallRow>(
    `select * from talktime.calls where partner_id = $1 and call_id = any($2::uuid[])`,
    [partnerId, ids],
  );
  return callsById(rows);
}

/** The calls that carriers know by these ids, the agents' and their own. */
export async function loadCallsOfCarriers(
  transaction: Transaction,
  partnerId: string,
  carrierCallIds: readonly string[],
): Promise<Map<string, CallState>> {
  if (carrierCallIds.length === 0) return new Map();
  const rows = await transaction.query<CallRow>(
    `select * from talktime.calls where partner_id = $1 and carrier_call_id = any($2::text[])`,
    [partnerId, carrierCallIds],
  );
  return callsById(rows);
}

function callsById(rows: readonly CallRow[]): Map<string, CallState> {
  return new Map(
    rows.map((row) => [
      row.call_id,
      {
        callId: row.call_id,
        identity: { provider: row.provider, account: row.account, callId: row.provider_call_id, leg: row.leg },
        state: row.state,
        reason: row.reason,
        customerId: row.customer_id,
        payer: row.payer,
        payerRate: row.payer_rate,
        revision: row.revision,
        price: row.price,
        overage: row.overage,
        overagePaid: row.overage_paid,
        overageRate: row.overage_rate,
        costPaid: row.cost_paid,
        reversed: row.reversed,
        inReview: row.in_review,
        facts: factsFromJson(row.facts),
        startedAt: row.started_at.getTime(),
        receivedAt: row.received_at.getTime(),
        clues: {
          agentId: row.agent_id,
          fromNumber: row.from_number,
          toNumber: row.to_number,
          direction: row.direction,
          metadataCustomerId: row.metadata_customer_id,
        },
        carrierCallId: row.carrier_call_id,
        linkedTo: row.linked_to,
        billedSeconds: row.billed_seconds,
        cost: row.cost,
      },
    ]),
  );
}

export async function loadFacts(
  transaction: Transaction,
  partnerId: string,
  wanted: { callId: string; hash: string }[],
): Promise<Map<string, SeenFacts>> {
  if (wanted.length === 0) return new Map();
  const rows = await transaction.query<{ call_id: string; facts_hash: Buffer; operation_id: string | null }>(
    `select call_id, facts_hash, operation_id
     from talktime.call_facts
     where partner_id = $1 and call_id = any($2::uuid[]) and facts_hash = any($3::bytea[])`,
    [partnerId, wanted.map((each) => each.callId), wanted.map((each) => Buffer.from(each.hash, 'hex'))],
  );
  return new Map(
    rows.map((row) => [factsKey(row.call_id, row.facts_hash.toString('hex')), { operationId: row.operation_id }]),
  );
}

export async function loadMappings(
  transaction: Transaction,
  partnerId: string,
  wanted: { kind: string; value: string }[],
): Promise<Map<string, string>> {
  if (wanted.length === 0) return new Map();
  const rows = await transaction.query<{ kind: string; value: string; customer_id: string }>(
    'select kind, value, customer_id from talktime.mappings where partner_id = $1 and kind = any($2::text[]) and value = any($3::text[])',
    [partnerId, distinct(wanted.map((each) => each.kind)), distinct(wanted.map((each) => each.value))],
  );
  return new Map(rows.map((row) => [mappingKey(row.kind, row.value), row.customer_id]));
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
