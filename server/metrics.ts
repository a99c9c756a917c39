import type { ErrorCode } from '@talktime/core/contract';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type DeductionSource = 'call' | 'amount' | 'provider_webhook' | 'ingress';
export type DeductionOutcome =
  | 'deducted'
  | 'replayed'
  | 'suspense'
  | 'ignored'
  | 'unreadable'
  | 'refused'
  | 'postponed';

/** What Prometheus reads at /metrics. Labels are routes, codes and outcomes: never an id, a name or an amount. */
export interface Metrics {
  requestAnswered(method: string, route: string, status: number, seconds: number): void;
  deductionAnswered(source: DeductionSource, outcome: DeductionOutcome): void;
  gateAnswered(provider: string, outcome: string): void;
  refused(code: ErrorCode): void;
  /** What became of an attempt to deliver an alert; `doubt`: whether it was posted is not known. */
  alertSettled(outcome: 'delivered' | 'retried' | 'dead' | 'doubt', route: string): void;
  dispatcherFailed(): void;
  jobFailed(): void;
  databaseAnswered(up: boolean): void;
  readonly contentType: string;
  render(): Promise<string>;
}

/** @param ofProcess whether the process's own figures (memory, event loop) are collected too: once a process. */
export function createMetrics(ofProcess = false): Metrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'talktime_http_request_duration_seconds',
    help: 'How long requests took, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const deductions = new Counter({
    name: 'talktime_deductions_total',
    help: 'Deductions by the way they came and what became of them',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const gate = new Counter({
    name: 'talktime_gate_decisions_total',
    help: 'Calls that a provider asked about, by what they were told',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'talktime_refusals_total',
    help: 'Refused requests by error code',
    labelNames: ['code'],
    registers,
  });
  const alerts = new Counter({
    name: 'talktime_alert_deliveries_total',
    help: 'Attempts to deliver alerts by what became of them (doubt: posted or not, the answer was lost) and the kind of route',
    labelNames: ['outcome', 'route'],
    registers,
  });
  const dispatcherErrors = new Counter({
    name: 'talktime_dispatcher_errors_total',
    help: 'Faults of the alert dispatcher',
    registers,
  });
  const jobErrors = new Counter({
    name: 'talktime_job_errors_total',
    help: 'Faults of the jobs that run on a schedule',
    registers,
  });
  const database = new Gauge({
    name: 'talktime_database_up',
    help: '1 when the database answered the last readiness check',
    registers,
  });
  return {
    requestAnswered: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    deductionAnswered: (source, outcome) => deductions.inc({ source, outcome }),
    gateAnswered: (provider, outcome) => gate.inc({ provider, outcome }),
    refused: (code) => refusals.inc({ code }),
    alertSettled: (outcome, route) => alerts.inc({ outcome, route }),
    dispatcherFailed: () => dispatcherErrors.inc(),
    jobFailed: () => jobErrors.inc(),
    databaseAnswered: (up) => database.set(up ? 1 : 0),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
