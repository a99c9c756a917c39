import type { Transaction } from '../../database';
import { PARTNER_WALLET } from '../accounts';
import type { Command } from '../commands';
import { holdOperations, idByCarrier, revisionId } from '../fold';
import { NO_BACKING, type CallState, type LedgerState } from '../state';
import { loadCalls, loadCallsOfCarriers, loadFacts, loadMappings } from './calls';
import { loadHolds, loadLiveHolds, loadSpending } from './holds';
import { lockPartner } from './lock';
import { loadOperations, loadReversible } from './operations';
import { loadPayments } from './payments';
import { loadCustomers, loadRates, loadWallets } from './wallets';
import { everyMapping, whatIsWanted } from './wanted';

export { loadBacking } from './backing';
export { lockPartner } from './lock';
export { loadPaces, loadUsage } from './usage';
export { loadRates, loadWallets, readWallet, readWallets } from './wallets';

/**
 * Takes the partner's lock and loads what the commands may touch: what they name in the round trip of the lock itself
 * (each statement runs after the lock was taken, and sees what the writer before committed), and what that points to in a
 * second one, when there is anything. null when there is no such partner.
 */
export async function lockAndLoad(
  transaction: Transaction,
  partnerId: string,
  commands: readonly Command[],
): Promise<{ state: LedgerState; now: number } | null> {
  const wanted = whatIsWanted(partnerId, commands);
  const named = [...wanted.customers];
  const [locked, reversible, payments, calls, mappings, facts, holds, operations, ...owners] = await Promise.all([
    lockPartner(transaction, partnerId),
    loadReversible(transaction, partnerId, wanted.reversals),
    loadPayments(transaction, partnerId, wanted.reversals),
    loadCalls(transaction, partnerId, [...wanted.calls]),
    loadMappings(transaction, partnerId, wanted.mappings),
    loadFacts(transaction, partnerId, wanted.facts),
    loadHolds(transaction, partnerId, [...wanted.calls]),
    loadOperations(transaction, partnerId, [...wanted.operations]),
    ...loadOwners(transaction, partnerId, named, [PARTNER_WALLET, ...wanted.wallets]),
  ]);
  if (!locked) return null;
  const [customers, wallets, rates] = owners;

  const callsOfReversals = [...reversible.values()]
    .flatMap((operation) => operation.callId ?? [])
    .filter((id) => !calls.has(id));
  if (callsOfReversals.length > 0) {
    merge(calls, await loadCalls(transaction, partnerId, callsOfReversals));
    merge(holds, await loadHolds(transaction, partnerId, callsOfReversals));
  }
  await addLinkedCalls(transaction, partnerId, wanted.carriers, calls);
  const heldByCarrier = [...calls.values()].map((call) => idByCarrier(partnerId, call));
  merge(holds, await loadHolds(transaction, partnerId, unknownOf(heldByCarrier, wanted.calls)));
  const inSuspense = [...calls.values()].filter((call) => call.state === 'suspense');
  if (inSuspense.length > 0) {
    // A call in suspense may be resolved by what an earlier report of it said.
    merge(
      mappings,
      await loadMappings(
        transaction,
        partnerId,
        inSuspense.flatMap((call) => everyMapping(call.clues)),
      ),
    );
  }
  const pointedTo = [
    ...mappings.values(),
    ...[...calls.values()].flatMap((call) => [call.customerId, call.clues.metadataCustomerId]),
    ...[...holds.values()].map((hold) => hold.customerId),
    ...[...wanted.wallets].map((walletId) => wallets.get(walletId)?.customerId ?? null),
    ...[...reversible.values()].map((operation) => operation.customerId),
  ];
  const moreCustomers = unknownOf(pointedTo, wanted.customers);
  const answering = [
    ...[...calls.values()].map((call) =>
      call.revision > 0 ? revisionId(partnerId, call.identity, call.revision) : null,
    ),
    ...[...facts.values()].map((seen) => seen.operationId),
    ...[...holds.values()].flatMap((hold) => (wanted.holds.has(hold.callId) ? holdOperations(partnerId, hold) : [])),
  ];
  const moreOperations = unknownOf(answering, wanted.operations);
  if (moreCustomers.length + moreOperations.length > 0) {
    const [found, ...foundOwners] = await Promise.all([
      loadOperations(transaction, partnerId, moreOperations),
      ...loadOwners(transaction, partnerId, moreCustomers, []),
    ]);
    merge(operations, found);
    merge(customers, foundOwners[0]);
    merge(wallets, foundOwners[1]);
    merge(rates, foundOwners[2]);
  }
  const authorizing = wanted.authorizing ? [...customers.values()] : [];
  const [liveHolds, spending] = await Promise.all([
    loadLiveHolds(transaction, partnerId, authorizing),
    loadSpending(transaction, partnerId, authorizing),
  ]);
  const { partner, now } = locked;
  const state = {
    partnerId,
    partner,
    wallets,
    customers,
    rates,
    operations,
    reversible,
    payments,
    calls,
    holds,
    liveHolds,
    spending,
    facts,
    mappings,
    backing: NO_BACKING,
  };
  return { state, now };
}

/** The calls that are linked to one that is loaded, or to one that is reported (money-rules 12). */
async function addLinkedCalls(
  transaction: Transaction,
  partnerId: string,
  reported: ReadonlySet<string>,
  calls: Map<string, CallState>,
): Promise<void> {
  const carriers = new Set(reported);
  for (const call of calls.values()) if (call.carrierCallId !== null) carriers.add(call.carrierCallId);
  merge(calls, await loadCallsOfCarriers(transaction, partnerId, [...carriers]));
}

/** Customers with their wallets and rates. */
function loadOwners(transaction: Transaction, partnerId: string, customerIds: string[], walletIds: number[]) {
  const of = { customerIds, walletIds };
  const nobody = customerIds.length + walletIds.length === 0;
  return [
    loadCustomers(transaction, partnerId, customerIds),
    nobody ? Promise.resolve(new Map()) : loadWallets(transaction, partnerId, of),
    nobody ? Promise.resolve(new Map()) : loadRates(transaction, partnerId, of),
  ] as [ReturnType<typeof loadCustomers>, ReturnType<typeof loadWallets>, ReturnType<typeof loadRates>];
}

function merge<Key, Value>(into: Map<Key, Value>, more: ReadonlyMap<Key, Value>): void {
  for (const [key, value] of more) into.set(key, value);
}

/** Those that are not among the known ones, each once. */
function unknownOf(ids: readonly (string | null)[], known: ReadonlySet<string>): string[] {
  return [...new Set(ids.filter((id): id is string => id !== null && !known.has(id)))];
}
