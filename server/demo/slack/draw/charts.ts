import { isRecord, records, text, type Json } from '../json';
import { escapeHtml } from './page';

const COLOURS = ['#1264a3', '#e8912d', '#2eb67d', '#e01e5a', '#7c3085', '#36c5f0'];
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [560, 240, 56, 44, 10, 8];

/** A data_visualization block as SVG in the page. */
export function drawChart(block: Json): string {
  const chart = isRecord(block.chart) ? block.chart : {};
  const drawing = chart.type === 'pie' ? pie(records(chart.segments)) : axes(chart);
  return `<figure class="chart" style="margin-inline:0"><h4>${escapeHtml(text(block.title))}</h4>${drawing}</figure>`;
}

function pie(segments: readonly Json[]): string {
  const total = segments.reduce((sum, { value }) => sum + Number(value), 0);
  let angle = -Math.PI / 2;
  const slices = segments.map(({ label, value }, index) => {
    const share = Number(value) / total;
    const from = angle;
    angle += share * 2 * Math.PI;
    const name = `${text(label)} ${Number(value)} (${Math.round(share * 100)} %)`;
    if (share > 0.9999) return { name, path: `<circle cx="110" cy="110" r="100" fill="${colour(index)}"/>` };
    const point = (at: number) => `${round(110 + 100 * Math.cos(at))} ${round(110 + 100 * Math.sin(at))}`;
    const arc = `M110 110L${point(from)}A100 100 0 ${share > 0.5 ? 1 : 0} 1 ${point(angle)}Z`;
    return { name, path: `<path d="${arc}" fill="${colour(index)}" stroke="#fff" stroke-width="2"/>` };
  });
  const svg = `<svg viewBox="0 0 560 220" role="img">${slices.map(({ path }) => path).join('')}</svg>`;
  return svg + legend(slices.map(({ name }) => name));
}

interface Scale {
  readonly least: number;
  readonly most: number;
  y(value: number): number;
  x(index: number): number;
  readonly step: number;
}

function axes(chart: Json): string {
  const axis = isRecord(chart.axis_config) ? chart.axis_config : {};
  const categories = Array.isArray(axis.categories) ? axis.categories.map(String) : [];
  const series = records(chart.series).map(({ name, data }) => {
    const points = records(data);
    const of = (category: string) => Number(points.find(({ label }) => label === category)?.value ?? 0);
    return { name: text(name), values: categories.map(of) };
  });
  const scale = scaleOf(
    series.flatMap(({ values }) => values),
    categories.length,
  );
  const marks = series.map(({ values }, index) =>
    chart.type === 'bar'
      ? bars(values, index, series.length, scale)
      : line(values, index, chart.type === 'area', scale),
  );
  const every = Math.ceil(categories.length / 10);
  const below = categories.map((category, index) =>
    index % every === 0 ? label(scale.x(index), HEIGHT - BOTTOM + 16, category, 'middle') : '',
  );
  const titles = [
    axis.x_label ? label(LEFT + (WIDTH - LEFT) / 2, HEIGHT - 6, text(axis.x_label), 'middle') : '',
    axis.y_label
      ? `<text transform="translate(11 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(text(axis.y_label))}</text>`
      : '',
  ];
  const svg = [grid(scale), ...marks, ...below, ...titles].join('');
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${svg}</svg>${legend(series.map(({ name }) => name))}`;
}

/** Round numbers around the values, zero among them. */
function scaleOf(values: readonly number[], count: number): Scale {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const raw = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw;
  const [least, most] = [Math.floor(low / unit) * unit, Math.ceil(high / unit) * unit || unit];
  const height = HEIGHT - BOTTOM - TOP;
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, count);
  return {
    least,
    most,
    step: unit,
    y: (value) => round(TOP + height - ((value - least) / (most - least)) * height),
    x: (index) => round(LEFT + step * (index + 0.5)),
  };
}

function grid(scale: Scale): string {
  const lines: string[] = [];
  for (let value = scale.least; value <= scale.most + scale.step / 2; value += scale.step) {
    const y = scale.y(value);
    lines.push(
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="${Math.abs(value) < scale.step / 1e6 ? '#999' : '#e8e8e8'}"/>`,
    );
    lines.push(label(LEFT - 6, y + 4, Number(value.toPrecision(12)).toLocaleString('en-GB'), 'end'));
  }
  return lines.join('');
}

function bars(values: readonly number[], index: number, groups: number, scale: Scale): string {
  const step = values.length > 1 ? scale.x(1) - scale.x(0) : WIDTH - LEFT - RIGHT;
  const width = Math.min(48, (step * 0.7) / groups);
  return values
    .map((value, position) => {
      const x = round(scale.x(position) - (width * groups) / 2 + width * index);
      const [top, base] = [scale.y(Math.max(0, value)), scale.y(Math.min(0, value))];
      return `<rect x="${x}" y="${top}" width="${round(width - 2)}" height="${round(base - top)}" rx="2" fill="${colour(index)}"/>`;
    })
    .join('');
}

function line(values: readonly number[], index: number, isFilled: boolean, scale: Scale): string {
  const points = values.map((value, position) => `${scale.x(position)} ${scale.y(value)}`);
  const path = `M${points.join('L')}`;
  const zero = scale.y(0);
  const area = `<path d="${path}L${scale.x(values.length - 1)} ${zero}L${scale.x(0)} ${zero}Z" fill="${colour(index)}" opacity=".25"/>`;
  const dots = values.map(
    (value, position) => `<circle cx="${scale.x(position)}" cy="${scale.y(value)}" r="3" fill="${colour(index)}"/>`,
  );
  return `${isFilled ? area : ''}<path d="${path}" fill="none" stroke="${colour(index)}" stroke-width="2"/>${dots.join('')}`;
}

function legend(names: readonly string[]): string {
  const items = names.map(
    (name, index) => `<span><i style="background:${colour(index)}"></i>${escapeHtml(name)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function label(x: number, y: number, words: string, anchor: 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(words)}</text>`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#1264a3';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
