import type { CallIdentity } from '@talktime/core/calls';
import type { Authorization, Operation, DeductionResult, PaymentOperation } from '@talktime/core/contract';
import { callIdOf, operationId, revisionId, type Actor, type Command, type WalletRef } from '@talktime/core/ledger';
import type { Microcredits } from '@talktime/core/money';
import { PARTNER, type Answer, type Facts, type LedgerStep, type OperationName, type WalletName } from './steps';

/** Between the words of a history and those of the ledger: commands and ids one way, answers the other. */
export class Translation {
  readonly #names = new Map<string, OperationName>();

  /** `begin`: when the history begins; a thousand milliseconds of it last `second` of the ledger's. */
  constructor(
    readonly partnerId: string,
    readonly begin: number,
    readonly second = 1_000,
  ) {}

  /** A moment of the history, by the ledger's clock. */
  moment(milliseconds: number | null): number | null {
    return milliseconds === null ? null : this.begin + Math.round((milliseconds * this.second) / 1_000);
  }

  command(step: LedgerStep, startedAt: number | null): Command {
    const actor: Actor = { id: step.host ? 'key:host' : 'key:partner', host: step.host };
    switch (step.kind) {
      case 'top_up':
      case 'adjustment':
      case 'deduction': {
        this.operation(`request ${step.key}`);
        const common = { actor, key: step.key, wallet: walletRef(step.wallet), amount: step.amount as Microcredits };
        if (step.kind !== 'top_up') return { kind: step.kind, ...common };
        const [expiresAt, effectiveAt] = [this.moment(step.expires), this.moment(step.starts)];
        return {
          kind: step.kind,
          ...common,
          grant: step.grant,
          ...(step.priority !== null && { priority: step.priority }),
          ...(expiresAt !== null && { expiresAt }),
          ...(effectiveAt !== null && { effectiveAt }),
        };
      }
      case 'plan': {
        this.operation(`request ${step.key}`);
        const terms =
          'credits' in step.terms ? { credits: step.terms.credits as Microcredits } : { minutes: step.terms.minutes };
        const { key, customer: customerId, plan: planId, active } = step;
        return { kind: 'plan', actor, key, customerId, planId, active, terms };
      }
      case 'reversal': {
        this.operation(`request ${step.key}`);
        const reversal = { kind: step.kind, actor, key: step.key, operationId: this.operation(step.target) };
        return step.amount === null ? reversal : { ...reversal, amount: step.amount as Microcredits };
      }
      case 'payment': {
        this.operation(`payment ${step.payment}`);
        const expiresAt = this.moment(step.expires);
        return {
          kind: 'payment',
          actor,
          payment: step.payment,
          wallet: walletRef(step.wallet),
          amount: step.amount as Microcredits,
          bonus: step.bonus as Microcredits,
          grant: step.grant,
          costBasis: 1_000_000n,
          ...(expiresAt !== null && { expiresAt }),
        };
      }
      case 'take_back': {
        const { payment, paid, refunded, lost, disputed, open: openDisputes } = step;
        return { kind: 'take_back', actor, payment, paid, refunded, lost, disputed, openDisputes };
      }
      case 'call': {
        const { agent: agentId, from: fromNumber, to: toNumber, direction, metadata } = step.clues;
        return {
          kind: 'call',
          actor,
          identity: identityOf(step.call),
          facts: callFacts(step.facts),
          startedAt,
          clues: { agentId, fromNumber, toNumber, direction, metadataCustomerId: metadata },
          customerId: step.customer,
        };
      }
      case 'authorize': {
        const { agent: agentId, from: fromNumber, to: toNumber, direction, metadata } = step.clues;
        const clues = { agentId, fromNumber, toNumber, direction, metadataCustomerId: metadata };
        const [identity, minimumSeconds] = [identityOf(step.call), step.minimum];
        return { kind: 'authorize', actor, identity, clues, customerId: step.customer, minimumSeconds };
      }
      case 'extend': {
        const extension = { kind: step.kind, actor, identity: identityOf(step.call), only: null };
        return step.to === null ? extension : { ...extension, toSeconds: step.to };
      }
      case 'release':
        return { kind: 'release', actor, identity: identityOf(step.call), only: null, as: 'released' };
      case 'dismiss':
        return { kind: 'dismiss', actor, callId: this.callId(step.call), reason: 'not ours' };
      default:
        return { kind: step.kind, actor, callId: this.callId(step.call), customerId: step.customer };
    }
  }

  callId(call: string): string {
    return callIdOf(this.partnerId, identityOf(call));
  }

  /** The id of an operation that goes by this name in the history. */
  operation(name: OperationName): string {
    const [space, what, revision] = name.split(' ');
    const id =
      space === 'call'
        ? revisionId(this.partnerId, identityOf(what!), Number(revision))
        : operationId(this.partnerId, space === 'payment' ? 'payment' : 'request', what!);
    this.#names.set(id, name);
    return id;
  }

  /** What the ledger answered, in the history's words. */
  answer(result: object): Answer {
    const told = result as Partial<Operation> & Partial<DeductionResult> & { receipt?: Receipt | null };
    if (told.outcome === 'suspense') return { outcome: 'suspense', reason: (told as { reason: string }).reason };
    if (told.operation_id === undefined) return { outcome: 'ignored' };
    if ('hold' in told) return holdAnswer(told as Authorization);
    const { receipt } = told;
    if ('payment' in told) this.#learnTakeBack((told as PaymentOperation).payment);
    return {
      outcome: 'done',
      operation: this.#nameOf(told.operation_id, receipt ?? null),
      kind: told.kind!,
      customer: told.customer_id!,
      wallet: told.wallet!,
      amount: microcredits(told.amount!),
      balance: microcredits(told.balance_after!),
      status: told.status!,
      receipt: receipt
        ? {
            revision: receipt.revision,
            rateVersion: receipt.rate.version,
            billedSeconds: receipt.billed_seconds,
            price: microcredits(receipt.price),
            previousPrice: microcredits(receipt.previous_price),
            payer: receipt.payer,
            byCustomer: microcredits(receipt.paid_by_customer),
            byPartner: microcredits(receipt.paid_by_partner),
            flagged: microcredits(receipt.flagged_debt),
          }
        : null,
    };
  }

  #learnTakeBack({ payment, part, revision }: PaymentOperation['payment']): void {
    const key = part === 'paid' ? payment : `${payment}:${part}`;
    this.operation(`payment ${revision === 0 ? key : `${key}:${revision}`}`);
  }

  #nameOf(id: string, receipt: Receipt | null): OperationName {
    if (receipt) this.operation(`call ${receipt.call.call_id} ${receipt.revision}`);
    return this.#names.get(id) ?? `unknown ${id}`;
  }
}

function holdAnswer(told: Omit<Authorization, 'replayed'>): Answer {
  const { hold } = told;
  return {
    outcome: 'hold',
    kind: told.kind,
    customer: told.customer_id!,
    wallet: told.wallet,
    balance: microcredits(told.balance_after),
    status: told.status,
    state: hold.state,
    cap: hold.cap_seconds,
    held: microcredits(hold.held),
    floor: microcredits(hold.floor),
    rateVersion: hold.rate.version,
  };
}

type Receipt = NonNullable<Extract<DeductionResult, { outcome: 'deducted' }>['receipt']>;

export function identityOf(call: string): CallIdentity {
  return { provider: 'retell', account: 'default', callId: call, leg: '' };
}

function walletRef(wallet: WalletName): WalletRef {
  return wallet === PARTNER ? 'partner' : { customerId: wallet };
}

function callFacts({ outcome, milliseconds, cost, rank, order }: Facts) {
  const money = cost === null ? null : { amount: cost, currency: 'USD' };
  return { outcome, rawMilliseconds: milliseconds, cost: money, rank, order };
}

/** Microcredits of a JSON number, from its text: multiplying it would lose the last digit near the limit. */
export function microcredits(credits: number): bigint {
  const text = String(credits);
  if (text.includes('e-')) return BigInt(Math.round(credits * 1e6)); // below 0.000001 * 10, exact here
  const [whole, decimals = ''] = text.replace('-', '').split('.');
  if (decimals.length > 6) throw new Error(`${text} credits are not exact to the microcredit`);
  const value = BigInt(whole! + decimals.padEnd(6, '0'));
  return text.startsWith('-') ? -value : value;
}
