import type { z } from 'zod';
import type { Sealer } from '../access/seal';
import {
  parseMillionths,
  type batchedDeduction,
  type callDeduction,
  type deduction,
  type DeductionResult,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import { deductAmount, deductionOf, type Actor, type Ledger } from '../ledger';
import { providerAccounts } from './endpoints';
import { NO_CLUES, normalizePhoneNumber, SOURCE_RANK, type CallIdentity } from './facts';
import { deductWebhook } from './webhook';

/** What the calls need of the rest. */
export interface Talktime {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly sealer: Sealer;
}

const DEFAULT_ACCOUNT = 'default';

/** A deduction by API key: a call by plain fields, a provider's webhook passed on, or an amount. */
export async function deduct(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof deduction>,
): Promise<DeductionResult> {
  switch (body.source) {
    case 'amount':
      return deductAmount(talktime.ledger, partnerId, actor, body);
    case 'call':
      return deductCall(talktime, partnerId, actor, body);
    case 'provider_webhook':
      return deductWebhook(talktime, partnerId, actor, body);
  }
}

type Batched = z.output<typeof batchedDeduction>;

/**
 * Deductions of one request, each on its own: one that is refused takes no neighbours along. Answers one outcome for each,
 * in their order.
 * @throws what is not a refusal, when all have settled; the same batch can then be sent again, nothing is charged twice.
 */
export async function deductBatch(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  items: readonly Batched[],
): Promise<(DeductionResult | TalktimeError)[]> {
  const accounts = new Map<string, Promise<string>>();
  const accountOf = (provider: string): Promise<string> => {
    const known = accounts.get(provider) ?? soleAccount(talktime, partnerId, provider);
    accounts.set(provider, known);
    return known;
  };
  const settled = await Promise.allSettled(
    items.map((item) =>
      item.source === 'amount'
        ? deductAmount(talktime.ledger, partnerId, actor, item)
        : deductCall(talktime, partnerId, actor, item, accountOf),
    ),
  );
  return settled.map((each) => {
    if (each.status === 'fulfilled') return each.value;
    if (each.reason instanceof TalktimeError) return each.reason;
    throw each.reason;
  });
}

async function deductCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof callDeduction>,
  accountOf?: (provider: string) => Promise<string>,
): Promise<DeductionResult> {
  const seconds = parseMillionths(body.seconds, 'seconds');
  if (seconds < 0n)
    throw new TalktimeError('REQUEST_INVALID', '"seconds" cannot be negative.', [
      { path: 'seconds', message: 'cannot be negative' },
    ]);
  const identity = await identityOf(talktime, partnerId, body, accountOf);
  const facts = {
    outcome: 'connected' as const,
    rawMilliseconds: Number((seconds + 999n) / 1000n),
    cost: body.cost ? { amount: parseMillionths(body.cost.amount, 'cost.amount'), currency: body.cost.currency } : null,
    rank: SOURCE_RANK.fields,
    order: null,
  };
  const clues = {
    ...NO_CLUES,
    agentId: body.agent_id ?? null,
    toNumber: body.phone_number ? normalizePhoneNumber(body.phone_number) : null,
  };
  const startedAt = body.started_at === undefined ? null : Date.parse(body.started_at);
  return deductionOf(
    await talktime.ledger.submit(partnerId, {
      kind: 'call',
      actor,
      identity,
      facts,
      startedAt,
      clues,
      customerId: body.customer_id ?? null,
    }),
  );
}

/** The identity of a call that is named by fields. */
export async function identityOf(
  talktime: Talktime,
  partnerId: string,
  named: { provider: string; account?: string; call_id: string; leg?: string },
  accountOf = (provider: string) => soleAccount(talktime, partnerId, provider),
): Promise<CallIdentity> {
  const account = named.account ?? (await accountOf(named.provider));
  return { provider: named.provider, account, callId: named.call_id, leg: named.leg ?? '' };
}

/**
 * The account that fields without one mean: the provider's only one, so that the same call by its webhook is the same
 * call. With several, the caller must say.
 */
async function soleAccount(talktime: Talktime, partnerId: string, provider: string): Promise<string> {
  const accounts = await providerAccounts(talktime, partnerId, provider);
  if (accounts.length > 1) {
    const names = accounts.map((each) => `"${each.account}"`).join(', ');
    throw new TalktimeError(
      'ACCOUNT_REQUIRED',
      `There are several ${provider} accounts: ${names}. Say in "account" whose call it is.`,
    );
  }
  return accounts[0]?.account ?? DEFAULT_ACCOUNT;
}
