import type { z } from 'zod';
import {
  parseCredits,
  parseCreditsFromZero,
  type adjustment,
  type amountDeduction,
  type DeductionResult,
  type Operation,
  type reversal,
  type topUp as topUpSchema,
} from '../contract';
import type { Actor, Command, WalletRef } from './commands';
import type { Ledger } from './lane';

/** Adds credits that were paid for, or given as a bonus. The partner's own wallet needs the host's authority. */
export async function topUp(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof topUpSchema>,
): Promise<Operation> {
  return operationOf(await ledger.submit(partnerId, topUpCommand(actor, body)));
}

export function topUpCommand(actor: Actor, body: z.output<typeof topUpSchema>): Command {
  return {
    kind: 'top_up',
    actor,
    key: body.idempotency_key,
    note: body.note,
    wallet: walletOf(body),
    amount: parseCredits(body.amount, 'amount'),
    grant: body.kind,
    priority: body.priority,
    effectiveAt: body.effective_at === undefined ? undefined : Date.parse(body.effective_at),
    expiresAt: body.expires_at === undefined ? undefined : Date.parse(body.expires_at),
    costBasis: body.cost_basis === undefined ? undefined : parseCreditsFromZero(body.cost_basis, 'cost_basis'),
  };
}

/** Adds or takes away credits by hand, with a note that says why. */
export async function adjust(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof adjustment>,
): Promise<Operation> {
  return operationOf(await ledger.submit(partnerId, adjustmentCommand(actor, body)));
}

export function adjustmentCommand(actor: Actor, body: z.output<typeof adjustment>): Command {
  return {
    kind: 'adjustment',
    actor,
    key: body.idempotency_key,
    note: body.note,
    wallet: walletOf(body),
    amount: parseCredits(body.amount, 'amount'),
  };
}

/** Takes back an operation, whole or in part. */
export async function reverse(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof reversal>,
): Promise<Operation> {
  return operationOf(await ledger.submit(partnerId, reversalCommand(actor, body)));
}

export function reversalCommand(actor: Actor, body: z.output<typeof reversal>): Command {
  return {
    kind: 'reversal',
    actor,
    key: body.idempotency_key,
    note: body.note,
    operationId: body.operation_id,
    amount: body.amount === undefined ? undefined : parseCredits(body.amount, 'amount'),
  };
}

/** Deducts an amount that is not a call: refused when the balance does not cover it. */
export async function deductAmount(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof amountDeduction>,
): Promise<DeductionResult> {
  const amount = parseCredits(body.amount, 'amount');
  const answer = await ledger.submit(partnerId, {
    kind: 'deduction',
    actor,
    key: body.idempotency_key,
    note: body.note,
    wallet: walletOf(body),
    amount,
  });
  return deductionOf(answer);
}

/** The wallet that a body names: the schemas let exactly one of the two through. */
export function walletOf(body: { customer_id?: string; wallet?: 'partner' }): WalletRef {
  return body.customer_id === undefined ? 'partner' : { customerId: body.customer_id };
}

type Answer = Awaited<ReturnType<Ledger['submit']>>;

export function operationOf({ result, replayed }: Answer): Operation {
  if (!('operation_id' in result)) throw new Error('Expected an operation');
  return { ...result, replayed };
}

export function deductionOf({ result, replayed }: Answer): DeductionResult {
  if (!('outcome' in result)) throw new Error('Expected a deduction');
  return { ...result, replayed } as DeductionResult;
}
