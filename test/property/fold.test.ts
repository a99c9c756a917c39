import * as fc from 'fast-check';
import { Carrier, walletId } from './carrier';
import { Translation } from './commands';
import { agree, Difference, happened, show } from './compare';
import { histories } from './histories';
import { Model } from './model';
import { runs } from './runs';
import { CUSTOMERS, PARTNER, type History, type LedgerStep } from './steps';

const START = Date.UTC(2026, 10, 22, 16);

describe('the fold and the model', () => {
  it('tell the same of every random history', () => {
    const property = fc.property(histories(40), fc.array(fc.nat({ max: 3 }), { minLength: 50, maxLength: 50 }), tell);
    fc.assert(property, runs(600, 'memory'));
  }, 3_600_000);
});

/** Tells a history to both, in batches of one to four commands, a moment apart or in the same. */
function tell(history: History, batches: readonly number[]): void {
  const partnerId = '00000000-0000-4000-8000-000000000001';
  const translation = new Translation(partnerId, START);
  const carrier = new Carrier(partnerId, history.setup, START);
  const model = new Model(
    history.setup,
    () => START,
    (each) => translation.moment(each),
  );
  const started = new Map<string, number | null>();
  let waiting: { step: LedgerStep; startedAt: number | null }[] = [];
  let now = START;

  const settle = () => {
    const commands = waiting.map(({ step, startedAt }) => translation.command(step, startedAt));
    const outcomes = carrier.submit(commands, now);
    for (const [index, { step, startedAt }] of waiting.entries())
      agree(step, model.apply(step, now, startedAt), happened(translation, outcomes[index]!));
    waiting = [];
  };

  for (const [index, step] of history.steps.entries()) {
    if (step.kind === 'settings' || step.kind === 'mapping') {
      settle();
      now += 1;
      const expected = model.apply(step, now, null);
      if (expected.ok !== false && step.kind === 'settings') carrier.change(step, now);
      if (expected.ok !== false && step.kind === 'mapping') carrier.map(step);
      continue;
    }
    if (step.kind === 'call' && !started.has(step.call)) {
      const { started: told } = step;
      started.set(step.call, told === null ? null : told === 'early' ? START - 86_400_000 : now - told * 500);
    }
    waiting.push({ step, startedAt: step.kind === 'call' ? started.get(step.call)! : null });
    if (waiting.length > (batches[index] ?? 0)) {
      settle();
      now += (batches[index] ?? 0) * 1000;
    }
  }
  settle();
  now += 100_000;
  carrier.submit([{ kind: 'mature', walletId: 0 }], now);
  model.pass(now);

  for (const name of [PARTNER, ...CUSTOMERS]) {
    const { posted, held, disputed, openDisputes, status, lots } = carrier.state.wallets.get(walletId(name))!;
    const wallet = model.wallets.get(name)!;
    const left = lots.map((lot) => [lot.grant, lot.left] as const).sort(([a], [b]) => a - b);
    const disputes = [wallet.disputed, wallet.openDisputes];
    const expected = [wallet.posted, wallet.held, disputes, wallet.status, wallet.grants.lefts()];
    const real = [posted, held, [disputed, openDisputes], status, left];
    if (show(expected) !== show(real)) throw new Difference(`The wallet of ${name} differs`, null, expected, real);
  }
}
