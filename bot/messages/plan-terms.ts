import type { Plan } from '@talktime/core/contract';
import { credits, figure, fromWire } from './amounts';

type Terms = Pick<Plan, 'credits' | 'minutes' | 'bonus' | 'expires_after_days' | 'recurring'>;

/** What a plan holds, in a line: "1,000 credits + 50 bonus a month, unused: half rolls over, up to 500 credits". */
export function planContents(plan: Terms): string {
  const { bonus, expires_after_days: days, recurring } = plan;
  return [
    `${sizeOf(plan)}${bonus > 0 ? ` + ${figure(fromWire(bonus))} bonus` : ''}${recurring ? ` ${eachPeriod(recurring)}` : ''}`,
    ...(days === null ? [] : [`for ${days === 1 ? 'a day' : `${days.toLocaleString('en-US')} days`}`]),
    ...(recurring?.rollover ? [`unused: ${rolloverOf(recurring.rollover)}`] : []),
  ].join(', ');
}

/** "a month", "every 3 months" */
export function eachPeriod({ period, every }: NonNullable<Plan['recurring']>): string {
  return every === 1 ? `a ${period}` : `every ${every} ${period}s`;
}

/** "half rolls over, up to 500 credits" */
export function rolloverOf(rollover: NonNullable<Plan['recurring']>['rollover']): string {
  if (!rollover || rollover.share === 0) return 'gone at the end of each period';
  const cap = rollover.cap === null ? '' : `, up to ${credits(fromWire(rollover.cap))}`;
  return `${shareOf(rollover.share)} rolls over${cap}`;
}

function sizeOf({ credits: amount, minutes }: Terms): string {
  if (amount !== null) return credits(fromWire(amount));
  return `${(minutes ?? 0).toLocaleString('en-US')} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

function shareOf(share: number): string {
  if (share === 1) return 'all';
  if (share === 0.5) return 'half';
  return `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 4 })}%`;
}
