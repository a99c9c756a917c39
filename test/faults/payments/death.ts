import type { Random } from '../random';
import { sleep, until } from '../time';
import type { Shop } from './shop';

/** When the service dies, counted by its calls to Stripe. */
export interface Death {
  readonly moment: 'before it is done' | 'before the answer' | 'after the answer' | 'any moment';
  readonly of: 'any call' | 'a writing call' | 'a reading call';
  /** At the how manieth. */
  readonly after: number;
}

/** A planned death that does not come by itself, for want of calls, is brought. */
const PATIENCE = 2_500;
/** About as long as the service takes from an answer of Stripe to its commit. */
const AFTER_ANSWER = 25;

/** Later where more is left to be done, so that something is done in most lives. */
export function planDeath({ open }: Shop, random: Random): Death {
  return {
    moment: random.pick([
      'before it is done',
      'before the answer',
      'before the answer',
      'after the answer',
      'after the answer',
      'any moment',
    ]),
    of: random.pick(['any call', 'a writing call', 'a reading call', 'a reading call']),
    after: random.between(1, 12 + 3 * open.length),
  };
}

/** Lets the service live through some work until its death. Answers where it died. */
export async function dieWhile(shop: Shop, death: Death, random: Random, work: () => Promise<void>): Promise<string> {
  const { replica } = shop;
  const disarm = arm(shop, death, random);
  const working = work();
  if (death.moment === 'any moment') await sleep(random.between(20, 900));
  const byItself = death.moment !== 'any moment' && (await until(() => !replica.isRunning, PATIENCE, 5));
  disarm();
  await replica.kill();
  await working;
  return byItself ? `${death.moment} of ${death.of}` : 'at any moment';
}

function arm({ stripe, replica }: Shop, { moment, of, after }: Death, random: Random): () => void {
  let left = after;
  const isIt = (isWriting: boolean) => (of === 'any call' || (of === 'a writing call') === isWriting) && --left === 0;
  if (moment === 'before it is done')
    return stripe.fail('*', 'cut before', {
      times: 1,
      when: ({ idempotencyKey }) => {
        const isNow = isIt(idempotencyKey !== null);
        if (isNow) void replica.kill();
        return isNow;
      },
    });
  if (moment === 'any moment') return () => undefined;
  return stripe.beforeAnswer(async ({ method }) => {
    if (!isIt(method === 'POST')) return;
    if (moment === 'before the answer') await replica.kill();
    else setTimeout(() => void replica.kill(), random.between(0, AFTER_ANSWER));
  });
}
