import { factsHash, mappingsOf, type CallClues } from '../../calls/facts';
import type { Command } from '../commands';
import { callIdOf, carrierCallIdOf, idByCarrier, partId, periodOperations } from '../fold';
import { operationId } from '../identity';

/** What the commands name, before anything is read. */
export function whatIsWanted(partnerId: string, commands: readonly Command[]) {
  const customers = new Set<string>();
  const operations = new Set<string>();
  const reversals = new Set<string>();
  const calls = new Set<string>();
  const facts: { callId: string; hash: string }[] = [];
  const mappings: { kind: string; value: string }[] = [];
  const wallets = new Set<number>();
  const holds = new Set<string>();
  const carriers = new Set<string>();
  let authorizing = false;
  for (const command of commands) {
    if ('key' in command) operations.add(operationId(partnerId, 'request', command.key));
    if ('wallet' in command && command.wallet !== 'partner') customers.add(command.wallet.customerId);
    if ('customerId' in command && command.customerId !== null) customers.add(command.customerId);
    if ('walletId' in command) wallets.add(command.walletId);
    if (command.kind === 'reversal') reversals.add(command.operationId);
    if (command.kind === 'payment') operations.add(partId(partnerId, command.payment, 'paid'));
    if (command.kind === 'take_back')
      for (const part of ['paid', 'bonus'] as const) reversals.add(partId(partnerId, command.payment, part));
    if (command.kind === 'period') {
      for (const id of Object.values(periodOperations(partnerId, command))) operations.add(id);
      for (const id of command.rollover?.operations ?? []) reversals.add(id);
    }
    if ('callId' in command) calls.add(command.callId);
    if ('identity' in command) calls.add(callIdOf(partnerId, command.identity));
    if (command.kind === 'authorize' || command.kind === 'extend') authorizing = true;
    if (command.kind === 'authorize' || command.kind === 'extend' || command.kind === 'release')
      holds.add(callIdOf(partnerId, command.identity));
    if (command.kind === 'call') {
      facts.push({ callId: callIdOf(partnerId, command.identity), hash: factsHash(command.facts) });
      const carrier = carrierCallIdOf(command.identity, command.carrierCallId ?? null);
      if (carrier !== null) carriers.add(carrier);
      const held = idByCarrier(partnerId, { identity: command.identity, carrierCallId: carrier });
      if (held !== null) calls.add(held); // no call is known by it, but a hold may be
    }
    if (command.kind === 'call' || command.kind === 'authorize') {
      mappings.push(...everyMapping(command.clues));
      if (command.clues.metadataCustomerId !== null) customers.add(command.clues.metadataCustomerId);
    }
  }
  return { customers, operations, reversals, calls, facts, mappings, wallets, holds, carriers, authorizing };
}

/** Whatever the direction turns out to be, once the clues of several reports are put together. */
export const everyMapping = (clues: CallClues) => mappingsOf({ ...clues, direction: null });
