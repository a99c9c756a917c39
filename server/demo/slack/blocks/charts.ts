import { isRecord, type Json } from '../json';
import type { Inspection } from './inspection';

/**
 * docs.slack.dev, "Data visualization block": title 50; 1 to 6 segments, or 1 to 6 series of 1 to 20 points whose labels
 * are the categories; labels and names 20, titles of axes 50. At most two a message. @slack/types 3.2 does not know it.
 */
export function checkChart(block: Json, at: string, inspection: Inspection): void {
  if (inspection.options.charts === false) return inspection.problem(at, 'unsupported type: data_visualization');
  if ((inspection.charts += 1) > 2) inspection.problem(at, 'data_visualization: more than 2 in a message');
  inspection.string(block.title, `${at}/title`, 'title', 50);
  const here = `${at}/chart`;
  const chart = inspection.record(block.chart, here, 'chart');
  if (!chart) return;
  if (chart.type === 'pie') return checkPie(chart, here, inspection);
  if (!['line', 'bar', 'area'].includes(String(chart.type)))
    return inspection.problem(here, `chart: ${String(chart.type)}, of line or bar or area or pie`);
  checkSeries(chart, here, inspection);
}

function checkPie(chart: Json, at: string, inspection: Inspection): void {
  inspection.keys(chart, at, 'chart', ['segments'], ['segments']);
  inspection.list(chart.segments, `${at}/segments`, 'segments', 1, 6).forEach((value, index) => {
    const here = `${at}/segments/${index}`;
    const segment = inspection.record(value, here, 'segment');
    if (!segment) return;
    inspection.keys(segment, here, 'segment', ['label', 'value'], ['label', 'value']);
    inspection.string(segment.label, here, 'label', 20);
    if (!isNumber(segment.value) || segment.value <= 0) inspection.problem(here, 'value: not above 0');
  });
}

function checkSeries(chart: Json, at: string, inspection: Inspection): void {
  inspection.keys(chart, at, 'chart', ['series', 'axis_config'], ['series', 'axis_config']);
  const axis = isRecord(chart.axis_config) ? chart.axis_config : {};
  inspection.keys(axis, `${at}/axis_config`, 'axis_config', ['categories', 'x_label', 'y_label'], ['categories']);
  inspection.string(axis.x_label, `${at}/axis_config`, 'x_label', 50);
  inspection.string(axis.y_label, `${at}/axis_config`, 'y_label', 50);
  const categories = inspection.list(axis.categories, `${at}/axis_config`, 'categories', 1, 20);
  for (const category of categories) inspection.string(category, `${at}/axis_config`, 'category', 20);
  if (new Set(categories).size < categories.length) inspection.problem(`${at}/axis_config`, 'category used twice');

  const names = new Set<unknown>();
  inspection.list(chart.series, `${at}/series`, 'series', 1, 6).forEach((value, index) => {
    const here = `${at}/series/${index}`;
    const series = inspection.record(value, here, 'series');
    if (!series) return;
    inspection.keys(series, here, 'series', ['name', 'data'], ['name', 'data']);
    inspection.string(series.name, here, 'name', 20);
    if (names.has(series.name)) inspection.problem(here, 'name used twice');
    names.add(series.name);
    const points = inspection.list(series.data, `${here}/data`, 'data', 1, 20);
    const labels = points.map((point) => (isRecord(point) ? point.label : undefined));
    if (labels.length !== categories.length || !categories.every((category) => labels.includes(category)))
      inspection.problem(here, 'labels: not the categories');
    for (const point of points) {
      if (isRecord(point)) inspection.keys(point, here, 'point', ['label', 'value'], ['label', 'value']);
      if (!isRecord(point) || !isNumber(point.value)) inspection.problem(here, 'value: not a number');
    }
  });
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
