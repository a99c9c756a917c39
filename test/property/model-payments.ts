import { done, refused, type Expected, type Model } from './model';
import { USUAL } from './model-grants';
import * as rules from './rules';
import {
  PARTNER,
  paymentName,
  type Amount,
  type Answer,
  type OperationName,
  type PaymentStep,
  type TakeBackStep,
  type WalletName,
} from './steps';

/** What was paid for, or the bonus that came with it, and what has become of it. */
interface ModelPart {
  readonly key: string;
  readonly wallet: WalletName;
  readonly credits: Amount;
  /** With allocated funding: out of the partner's wallet. */
  readonly allocated: boolean;
  readonly lot: number;
  refunds: Amount;
  losses: Amount;
  disputed: Amount;
  open: number;
  revision: number;
}

/** How many credits of a part are taken and held by now. */
type Due = Pick<ModelPart, 'refunds' | 'losses' | 'disputed' | 'open'>;

/** The payments of the model: rules 4, 16 and 18. */
export class ModelPayments {
  readonly #payments = new Map<string, ModelPart[]>();
  /** By payment: what came back to the partner's wallet that its credits had come out of. */
  readonly #returned = new Map<string, Amount>();

  constructor(readonly model: Model) {}

  /** What refunds and lost disputes have taken of what an operation credited. */
  takenOf(operation: OperationName): Amount {
    for (const part of [...this.#payments.values()].flat())
      if (paymentName(part.key) === operation) return part.refunds + part.losses;
    return 0n;
  }

  credit(step: PaymentStep, now: number): Expected {
    const { model } = this;
    const name = paymentName(step.payment);
    const prior = model.operations.get(name);
    if (prior) return prior.content === contentOf(step) ? done(prior.answer, true) : refused('IDEMPOTENCY_CONFLICT');
    const wallet = model.wallets.get(step.wallet);
    const codes: string[] = [];
    if (!wallet) codes.push('CUSTOMER_NOT_FOUND');
    if (step.amount <= 0n) codes.push('AMOUNT_NOT_POSITIVE');
    if (step.wallet === PARTNER && !step.host) codes.push('HOST_KEY_REQUIRED');
    const expires = model.moment(step.expires);
    if (expires !== null && expires <= now) codes.push('GRANT_EXPIRED');
    const both = step.amount + step.bonus;
    const allocated = model.allocates && step.wallet !== PARTNER;
    if (wallet && wallet.posted + both >= rules.LIMIT) codes.push('WALLET_LIMIT');
    if (allocated && model.wallets.get(PARTNER)!.posted - both <= -rules.LIMIT) codes.push('WALLET_LIMIT');
    if (!wallet || codes.length > 0) return refused(...codes);

    const parts: ModelPart[] = [];
    const post = (key: string, kind: 'paid' | 'plan' | 'bonus', amount: Amount): Answer => {
      model.add(step.wallet, amount, { terms: { kind, priority: USUAL[kind], expires } });
      if (kind !== 'bonus') wallet.lastBought = amount;
      if (allocated) model.add(PARTNER, -amount, { subject: paymentName(key) });
      for (const each of allocated ? [step.wallet, PARTNER] : [step.wallet]) model.settle(each);
      const lot = wallet.grants.lots.length;
      const part = { key, wallet: step.wallet, credits: amount, allocated, lot, refunds: 0n, losses: 0n, disputed: 0n };
      parts.push({ ...part, open: 0, revision: 0 });
      const operation = paymentName(key);
      const said = kind === 'bonus' ? 'top_up' : 'payment';
      const answer = model.answerOf(operation, said, step.wallet, step.wallet, amount, null);
      const moved = { wallet: step.wallet, amount, lot, allocated };
      model.operations.set(operation, { content: contentOf(step), answer, call: null, moved, reversed: 0n });
      return answer;
    };
    const answer = post(step.payment, step.grant, step.amount);
    if (step.bonus > 0n) post(`${step.payment}:bonus`, 'bonus', step.bonus);
    this.#payments.set(step.payment, parts);
    this.#returned.set(step.payment, 0n);
    return done(answer);
  }

  /** The totals alone say what is due: first for refunds, then for lost disputes; what open ones are about is set apart. */
  takeBack(step: TakeBackStep): Expected {
    const parts = this.#payments.get(step.payment);
    if (!parts) return refused('PAYMENT_NOT_CREDITED');
    const changes = parts.flatMap((part) => this.#changesOf(part, step));
    if (changes.length === 0) return done({ outcome: 'ignored' }, true);
    const { wallet, allocated } = parts[0]!;
    const codes: string[] = [];
    const taken = changes.reduce((sum, each) => sum + each.taking, 0n);
    if (wallet === PARTNER && taken < 0n && !step.host) codes.push('HOST_KEY_REQUIRED');
    if (
      !this.#fits(
        wallet,
        changes.map((each) => -each.taking),
      ) ||
      (allocated &&
        !this.#fits(
          PARTNER,
          changes.map((each) => each.taking),
        ))
    )
      codes.push('WALLET_LIMIT');
    if (codes.length > 0) return refused(...codes);

    const told = changes.map((change) => ({ part: change.part, answer: this.#post(step.payment, change) }));
    return done((told.findLast(({ part }) => part === parts[0]) ?? told.at(-1)!).answer);
  }

  #changesOf(part: ModelPart, step: TakeBackStep): Change[] {
    const due = this.#dueOf(part, step);
    const refund: Change = {
      part,
      kind: 'refund',
      taking: due.refunds - part.refunds,
      after: { refunds: due.refunds },
    };
    const { losses, disputed, open } = due;
    const dispute: Change = { part, kind: 'dispute', taking: losses - part.losses, after: { losses, disputed, open } };
    const held = disputed !== part.disputed || open !== part.open;
    const changes = [...(refund.taking === 0n ? [] : [refund]), ...(dispute.taking === 0n && !held ? [] : [dispute])];
    return changes.sort((a, b) => (a.taking === b.taking ? 0 : a.taking < b.taking ? -1 : 1));
  }

  #dueOf(part: ModelPart, { paid, refunded, lost, disputed, open }: TakeBackStep): Due {
    const { reversed } = this.model.operations.get(paymentName(part.key))!;
    const { expired } = this.model.wallets.get(part.wallet)!.grants.lots[part.lot - 1]!;
    const most = part.credits - reversed - expired;
    const worth = (money: bigint) => {
      const share = money >= paid ? part.credits : rules.rounded(part.credits * money, paid);
      if (most <= 0n) return 0n;
      return share < most ? share : most;
    };
    const [first, second, third] = [worth(refunded), worth(refunded + lost), worth(refunded + lost + disputed)];
    const isPaid = !part.key.endsWith(':bonus');
    return { refunds: first, losses: second - first, disputed: third - second, open: isPaid ? open : 0 };
  }

  #fits(name: WalletName, moves: readonly Amount[]): boolean {
    let { posted } = this.model.wallets.get(name)!;
    return moves.every((move) => {
      posted += move;
      return posted < rules.LIMIT && posted > -rules.LIMIT;
    });
  }

  #post(payment: string, { part, kind, taking, after }: Change): Answer {
    const { model } = this;
    const wallet = model.wallets.get(part.wallet)!;
    const before = wallet.posted;
    if (taking > 0n) this.#take(payment, part, taking);
    if (taking < 0n) this.#give(payment, part, -taking);
    if (taking !== 0n) for (const each of part.allocated ? [part.wallet, PARTNER] : [part.wallet]) model.settle(each);
    wallet.disputed += (after.disputed ?? part.disputed) - part.disputed;
    wallet.openDisputes += (after.open ?? part.open) - part.open;
    Object.assign(part, after);
    part.revision += 1;
    const operation = paymentName(`${part.key}:${part.revision}`);
    return model.answerOf(operation, kind, part.wallet, part.wallet, wallet.posted - before, null);
  }

  /** Rule 18: from its own lot, then paid ones, then others, then debt. Rule 4: what is neither spent nor held comes back. */
  #take(payment: string, part: ModelPart, amount: Amount): void {
    const { model } = this;
    const wallet = model.wallets.get(part.wallet)!;
    const how = { subject: backName(part), first: part.lot };
    if (!part.allocated) return void model.add(part.wallet, -amount, how);
    const free = wallet.posted - wallet.held;
    const back = free <= 0n ? 0n : free < amount ? free : amount;
    model.add(part.wallet, -back, how);
    model.add(PARTNER, back, { givesBack: paymentName(part.key) });
    model.add(part.wallet, back - amount, how);
    this.#returned.set(payment, this.#returned.get(payment)! + back);
  }

  /** Rule 16; of allocated credits first what had not come out of a wallet. */
  #give(payment: string, part: ModelPart, amount: Amount): void {
    const { model } = this;
    const how = { givesBack: backName(part) };
    if (!part.allocated) return void model.add(part.wallet, amount, how);
    const returned = this.#returned.get(payment)!;
    const gone = this.#payments.get(payment)!.reduce((sum, each) => sum + each.refunds + each.losses, 0n) - returned;
    const first = gone <= 0n ? 0n : gone < amount ? gone : amount;
    model.add(part.wallet, first, how);
    model.add(PARTNER, first - amount, { subject: paymentName(part.key) });
    model.add(part.wallet, amount - first, how);
    this.#returned.set(payment, returned - (amount - first));
  }
}

interface Change {
  readonly part: ModelPart;
  readonly kind: 'refund' | 'dispute';
  /** Below zero: giving back. */
  readonly taking: Amount;
  readonly after: Partial<Due>;
}

const backName = (part: ModelPart) => `back ${part.key}`;

const contentOf = ({ wallet, amount, bonus, grant, expires }: PaymentStep) =>
  [wallet, amount, bonus, grant, expires].map(String).join(' ');
