import { divideHalfAwayFromZero, formatDecimal } from '../money';

const CENT = 10_000n;

/** "1,234.5 credits", to two decimals. */
export function creditsInWords(amount: bigint): string {
  const figure = grouped(amount);
  return `${figure} ${figure === '1' || figure === '-1' ? 'credit' : 'credits'}`;
}

/** "1,234.56 USD" of millionths. */
export function moneyInWords(millionths: bigint, currency: string): string {
  const [whole, fraction = ''] = grouped(millionths).split('.');
  return `${whole}.${fraction.padEnd(2, '0')} ${currency}`;
}

/** "33.3 %" */
export function percent(ratio: number): string {
  return `${(Math.round(ratio * 1000) / 10).toLocaleString('en-US')} %`;
}

/** "1 call", "1,200 calls" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** "40 seconds", "8 minutes", "3 hours": never more than it is. */
export function duration(seconds: number): string {
  if (seconds < 60) return counted(Math.floor(seconds), 'second');
  if (seconds < 2 * 3600) return counted(Math.floor(seconds / 60), 'minute');
  if (seconds < 48 * 3600) return counted(Math.floor(seconds / 3600), 'hour');
  return counted(Math.floor(seconds / 86_400), 'day');
}

function grouped(amount: bigint): string {
  const rounded = divideHalfAwayFromZero(amount, CENT) * CENT;
  const [whole = '0', fraction] = formatDecimal(rounded === 0n ? amount : rounded).split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction ? `${withCommas}.${fraction}` : withCommas;
}
