import { formatDecimal } from '@talktime/core/money';
import { figure } from './amounts';
import type { Bar } from './bars';

const WIDTH = 720;
const HEIGHT = 360;
const PLOT = { left: 72, right: 24, top: 64, bottom: 48 };
const INK = '#1d1c1d';
const FAINT = '#696969';
const LINE = '#e4e4e4';
const BAR = '#1264a3';
/** So many labels under the bars can be read beside each other. */
const MOST_LABELS = 10;

/** A bar chart as SVG, for where Slack draws none. Text in it is our own words and figures: the font knows no other scripts. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const values = bars.map(({ creditsADay }) => Number(formatDecimal(creditsADay)));
  const { step, top } = scaleOf(Math.max(...values, 0));
  const width = WIDTH - PLOT.left - PLOT.right;
  const height = HEIGHT - PLOT.top - PLOT.bottom;
  const bottom = PLOT.top + height;
  const yOf = (value: number) => round(bottom - (value / top) * height);
  const slot = width / bars.length;
  const every = Math.ceil(bars.length / MOST_LABELS);

  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step).flatMap((value) => [
    `<line x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${yOf(value)}" y2="${yOf(value)}" stroke="${LINE}"/>`,
    text(tick(value), PLOT.left - 10, yOf(value) + 4, { anchor: 'end', size: 12, fill: FAINT }),
  ]);
  const drawn = values.flatMap((value, index) => {
    const middle = round(PLOT.left + (index + 0.5) * slot);
    const wide = round(Math.min(48, slot * 0.64));
    const y = yOf(value);
    return [
      `<rect x="${round(middle - wide / 2)}" y="${y}" width="${wide}" height="${round(bottom - y)}" rx="2" fill="${BAR}"/>`,
      // Counted from the last, which is today.
      ...((bars.length - 1 - index) % every === 0
        ? [text(bars[index]!.label, middle, bottom + 22, { anchor: 'middle', size: 12, fill: FAINT })]
        : []),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="DejaVu Sans">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(title, 24, 36, { anchor: 'start', size: 17, fill: INK }),
    ...lines,
    ...drawn,
    '</svg>',
  ].join('\n');
}

/** Where the lines stand: every 1, 2 or 5 times a power of ten, at most six of them, the last above all bars. */
export function scaleOf(most: number): { step: number; top: number } {
  if (most <= 0) return { step: 1, top: 1 };
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => most / each <= 5)!;
  return { step, top: step * Math.ceil(most / step - 1e-9) };
}

function tick(value: number): string {
  return figure(BigInt(Math.round(value * 1_000_000)));
}

interface TextOptions {
  readonly anchor: 'start' | 'middle' | 'end';
  readonly size: number;
  readonly fill: string;
}

function text(words: string, x: number, y: number, { anchor, size, fill }: TextOptions): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${fill}">${escaped}</text>`;
}

const round = (value: number) => Math.round(value * 100) / 100;
