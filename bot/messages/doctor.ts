import { FINDINGS, type Diagnosis, type Finding, type FindingCode } from '@talktime/core/contract';
import type { Diagnosed } from '../ports';
import {
  button,
  context,
  divider,
  header,
  section,
  sectionWithButton,
  type Message,
  type MessageBlock,
} from './message';
import { PAYMENT_RETRY } from './payment';
import { code, inert } from './text';

/** The most findings to mend that one message shows, worst first, and the most that are fine. */
const PROBLEMS_SHOWN = 9;
const FINE_SHOWN = 12;
const DETAIL_LENGTH = 280;
const NEXT_LENGTH = 180;
const FINE_LENGTH = 100;

export interface DoctorAbout {
  readonly command: string;
  /** Other people may look over one's shoulder there: costs, margins and the partner's own balance are left out. */
  readonly inCustomersChannel: boolean;
  /** Who may not change anything is shown no buttons. */
  readonly mayMend: boolean;
}

/** What is about the partner's costs and balance, and is shown in the partner's own channels alone (money-rules 21). */
const OF_THE_PARTNER: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'PRICE_ABOVE_COST',
  'PRICE_BELOW_COST',
  'COST_UNKNOWN',
  'PARTNER_PRICE_MISSING',
  'PARTNER_BALANCE_FINE',
  'PARTNER_BALANCE_LOW',
  'PARTNER_BALANCE_EMPTY',
]);

/** What the doctor found: what is broken and what to look at, each with what mends it; then what is fine. */
export function doctorMessage({ diagnosis, target }: Diagnosed, about: DoctorAbout): Message {
  const findings = about.inCustomersChannel
    ? diagnosis.findings.filter((finding) => !OF_THE_PARTNER.has(finding.code))
    : diagnosis.findings;
  const problems = findings.filter(({ state }) => state !== 'ok');
  const title = titleOf(problems);
  const name = diagnosis.customer ? inert(diagnosis.customer.name) : 'Your own set-up';
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  const blocks: MessageBlock[] = [
    header(title),
    section(`*${name}*${problems.length === 0 ? ' has nothing to mend.' : ', worst first:'}`),
    ...shown.map((finding) => problemBlock(finding, about.mayMend ? target : null, about.mayMend)),
    ...(problems.length > shown.length ? [context(`and ${problems.length - shown.length} more`)] : []),
    ...brokenCustomers(diagnosis.broken_customers, about.command),
    divider(),
    ...fine(findings.filter(({ state }) => state === 'ok')),
    context(closing(diagnosis, about)),
  ];
  return { text: `${title} · ${name}`, blocks };
}

function titleOf(problems: readonly Finding[]): string {
  const broken = problems.filter(({ state }) => state === 'broken').length;
  const warnings = problems.length - broken;
  const look = `${warnings} to look at`;
  if (broken > 0) return `🔴 Doctor: ${broken} broken${warnings > 0 ? `, ${look}` : ''}`;
  return warnings > 0 ? `🟡 Doctor: ${look}` : '🟢 Doctor: all is well';
}

const MARK: Record<Finding['state'], string> = { broken: '🔴', warning: '🟡', ok: '🟢' };

const MEND = {
  settings: { label: 'Settings', action: 'talktime_settings', isOfCustomer: true },
  top_up: { label: 'Top up', action: 'talktime_topup', isOfCustomer: true },
  suspense: { label: 'Waiting calls', action: 'talktime_suspense', isOfCustomer: false },
  alerts: { label: 'Alerts', action: 'talktime_alerts', isOfCustomer: false },
  payments: { label: 'Try again', action: PAYMENT_RETRY, isOfCustomer: false },
} as const;

function problemBlock(finding: Finding, target: string | null, mayMend: boolean): MessageBlock {
  const next = finding.next === null ? '' : `\n*Next:* ${inert(finding.next, NEXT_LENGTH)}`;
  const text = `${MARK[finding.state]} *${inert(finding.title)}*\n${inert(finding.detail, DETAIL_LENGTH)}${next}`;
  if (finding.mend === null || !mayMend) return section(text);
  const { label, action, isOfCustomer } = MEND[finding.mend];
  if (isOfCustomer && target === null) return section(text);
  return sectionWithButton(text, button(label, { action, ...(isOfCustomer && target ? { value: target } : {}) }));
}

/** What is optional and not used has a next step of its own, and a quieter mark. */
function fine(findings: readonly Finding[]): MessageBlock[] {
  if (findings.length === 0) return [];
  const lines = findings
    .slice(0, FINE_SHOWN)
    .map(({ title, detail, next }) => `${next === null ? '🟢' : '⚪'} ${inert(title)}: ${inert(detail, FINE_LENGTH)}`);
  return [section(lines.join('\n'))];
}

function brokenCustomers(customers: Diagnosis['broken_customers'], command: string): MessageBlock[] {
  if (!customers || customers.count === 0) return [];
  const lines = customers.first.map(({ id, name, codes }) => {
    const titles = codes.map((each) => FINDINGS[each as FindingCode][1]);
    const more = titles.length > 1 ? ` (and ${titles.length - 1} more)` : '';
    return `• *${inert(name, 40)}* ${code(`${command} doctor ${id}`, 100)}\n   ${titles[0]}${more}`;
  });
  const omitted = customers.count - customers.first.length;
  return [
    section(`*Customers with something broken*\n${lines.join('\n')}`),
    ...(omitted > 0 ? [context(`and ${omitted.toLocaleString('en-US')} more`)] : []),
  ];
}

function closing({ customer }: Diagnosis, { command, inCustomersChannel }: DoctorAbout): string {
  const parts = [
    ...(customer
      ? [`customer ${code(customer.id)}`]
      : [`${code(`${command} doctor <customer>`)} looks at one of them`]),
    ...(inCustomersChannel ? ['costs and your own balance are left out in a customer’s channel'] : []),
    'only you can see this',
  ];
  return parts.join(' · ');
}
