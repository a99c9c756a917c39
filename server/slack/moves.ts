import type { MoneyDraft, Preview, SlackActor } from '@talktime/bot';
import { clueOf } from '@talktime/core/calls';
import { parseCredits, TalktimeError, type Mapping } from '@talktime/core/contract';
import type { Transaction } from '@talktime/core/database';
import { adjustmentCommand, reversalCommand, topUpCommand, type Command, type Ledger } from '@talktime/core/ledger';
import { micro, ZERO, type Microcredits } from '@talktime/core/money';
import { planCommand, requireApplicable, type Application } from '@talktime/core/plans';
import { actorOf } from './actor';
import { Refusal } from './refusals';

/** What a draft asks of the ledger, and what else is shown of it. */
export interface Move {
  readonly command: Command;
  /** Added first, when a call is assigned with it. */
  readonly mapping: Mapping | null;
  /** Of a plan: what is applied, and starts a subscription if it recurs. */
  readonly application?: Application;
}

/** Reads a draft into a command whose key is the draft's. */
export async function moveOf(
  transaction: Transaction,
  partnerId: string,
  slackActor: SlackActor,
  draftId: string,
  draft: MoneyDraft,
): Promise<Move> {
  const actor = actorOf(slackActor);
  const idempotency_key = `slack:${draftId}`;
  switch (draft.kind) {
    case 'top_up': {
      const { customerId: customer_id, amount, note } = draft;
      if (parseCredits(amount, 'amount') <= 0n)
        throw new Refusal(
          'AMOUNT_NOT_POSITIVE',
          'A top-up is above zero. To take credits away, adjust the balance.',
          'amount',
        );
      const body = { customer_id, amount, kind: 'paid' as const, note: note || undefined, idempotency_key };
      return { command: topUpCommand(actor, body), mapping: null };
    }
    case 'adjustment': {
      const { customerId: customer_id, amount, note } = draft;
      requireReason(note);
      return { command: adjustmentCommand(actor, { customer_id, amount, note, idempotency_key }), mapping: null };
    }
    case 'plan': {
      const body = { customer_id: draft.customerId, idempotency_key };
      const application = await planCommand(transaction, partnerId, actor, draft.planId, body);
      await requireApplicable(transaction, partnerId, application);
      return { command: application.command, mapping: null, application };
    }
    case 'reversal': {
      const { operationId: operation_id, amount, note } = draft;
      requireReason(note);
      const body = { operation_id, amount: amount ?? undefined, note, idempotency_key };
      return { command: reversalCommand(actor, body), mapping: null };
    }
    case 'assignment': {
      const { callId, customerId, map } = draft;
      const mapping = map && {
        kind: map,
        value: await clueOf(transaction, partnerId, callId, map),
        customer_id: customerId,
      };
      return { command: { kind: 'assign', actor, callId, customerId }, mapping };
    }
    case 'dismissal':
      requireReason(draft.reason);
      return {
        command: { kind: 'dismiss', actor, callId: draft.callId, reason: draft.reason },
        mapping: null,
      };
  }
}

function requireReason(note: string): void {
  if (note.trim() === '') throw new Refusal('REASON_REQUIRED', 'Say why: it is shown in the history.', 'note');
}

/** What a command did, or would do. */
export interface Effect {
  readonly operationId: string | null;
  readonly customerId: string | null;
  /** Whose balance; null: nobody's. */
  readonly wallet: 'customer' | 'partner' | null;
  /** Signed; of a plan with its bonus. */
  readonly amount: Microcredits;
  readonly balanceAfter: Microcredits;
  /** What a cap is held against: of a call the whole price, whoever carries it. */
  readonly size: Microcredits;
  readonly call: Omit<NonNullable<Preview['call']>, 'seconds' | 'provider'> | null;
  /** When the next period begins, of a plan that recurs. */
  readonly renewsAt: Date | null;
}

type Result = Awaited<ReturnType<Ledger['submit']>>['result'];

export function effectOf(result: Result): Effect {
  if (!('operation_id' in result)) {
    if (result.outcome === 'suspense') throw new TalktimeError('REQUEST_INVALID', result.message);
    return {
      operationId: null,
      customerId: null,
      wallet: null,
      amount: ZERO,
      balanceAfter: ZERO,
      size: ZERO,
      call: null,
      renewsAt: null,
    };
  }
  const bonus = parseCredits(String(('plan' in result && result.plan?.bonus) || 0), 'bonus');
  const amount = micro(parseCredits(String(result.amount), 'amount') + bonus);
  const ends = 'subscription' in result ? result.subscription?.ends_at : undefined;
  const receipt = 'receipt' in result ? result.receipt : null;
  return {
    operationId: result.operation_id,
    customerId: result.customer_id,
    wallet: result.wallet,
    amount,
    balanceAfter: parseCredits(String(result.balance_after), 'balance'),
    size: receipt ? parseCredits(String(receipt.price), 'price') : micro(amount < 0n ? -amount : amount),
    call: receipt && {
      billedSeconds: receipt.billed_seconds,
      creditsPerMinute: receipt.rate.credits_per_minute,
      paidByPartner: receipt.payer === 'customer' ? receipt.paid_by_partner : 0,
      debt: receipt.flagged_debt,
    },
    renewsAt: ends === undefined ? null : new Date(ends),
  };
}
