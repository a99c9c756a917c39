import type { Question } from '../commands/answer';
import { customerMeant } from '../commands/customer';
import { section } from '../messages/message';
import { levelText } from '../messages/alerts';
import { inert } from '../messages/text';
import type { AlertLevel, AlertRefused, AlertSettings, BotData, CustomerRef } from '../ports';
import type { Form, Reply, Submission } from './form';
import { choiceInput, textInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalBlock } from './modal';
import { remarkOn } from './money';

const FORM = 'talktime_alert_levels_form';
/** So many levels can be edited here; more than that by the API alone. */
const ROWS = 5;

const KINDS: readonly Choice[] = [
  { value: 'low.credits', text: '🟡 Low at … credits' },
  { value: 'low.percent', text: '🟡 Low at … % of the last top-up' },
  { value: 'low.minutes', text: '🟡 Low at … minutes of calls' },
  { value: 'low.days', text: '🟡 Low at … days left, at the pace' },
  { value: 'critical.credits', text: '🟠 Very low at … credits' },
  { value: 'critical.percent', text: '🟠 Very low at … % of the last top-up' },
  { value: 'critical.minutes', text: '🟠 Very low at … minutes of calls' },
  { value: 'critical.days', text: '🟠 Very low at … days left, at the pace' },
];

/** `alerts levels [customer]`: when a customer is low and very low; without one, when customers are that have no own levels. */
export async function levelsModal(question: Question, data: BotData, typed: string): Promise<Modal> {
  const { access, partnerId, channelId } = question;
  const meant = await customerMeant(data, access, typed);
  if (meant.kind === 'several' || meant.kind === 'unknown') return noticeModal('Levels', remarkOn(meant) ?? '');
  const customer = meant.kind === 'one' ? meant.customer : null;
  const settings = await data.alertSettings(partnerId, customer?.id ?? null);
  if (!settings) return noticeModal('Levels', 'That customer is gone meanwhile.');
  const levels = settings.levels ?? settings.defaults;
  if (levels.length > ROWS)
    return noticeModal(
      'Levels',
      `There are ${levels.length} levels, and ${ROWS} fit in here:\n${levels.map((level) => `• ${levelText(level)}`).join('\n')}\n*Next:* change them by the API (PATCH /v1/${customer ? 'customers' : 'partner'}).`,
    );
  return {
    callbackId: FORM,
    title: 'Levels',
    submit: 'Save',
    close: 'Cancel',
    blocks: [
      ...(customer
        ? ofCustomer(customer, settings)
        : [
            section(
              'When customers are told of as low, who have no levels of their own. A customer’s Low Credit Threshold counts besides.',
            ),
          ]),
      ...Array.from({ length: ROWS }, (_, row) => rowBlocks(row, levels[row])).flat(),
      ...(customer
        ? []
        : [
            textInput({
              id: 'interval',
              label: 'Minutes at least between two alerts of a balance',
              value: String(settings.intervalMinutes),
              placeholder: '0',
              most: 4,
            }),
          ]),
      textInput({
        id: 'emails',
        label: customer ? 'E-mail addresses of its people' : 'E-mail addresses of your people',
        hint: 'With commas between, 10 at most.',
        value: settings.emails.join(', '),
        placeholder: 'ops@example.com',
        most: 2600,
        optional: true,
      }),
    ],
    context: { channelId, ids: customer ? { customer: customer.id } : {} },
  };
}

function ofCustomer({ name }: CustomerRef, { levels, defaults }: AlertSettings): ModalBlock[] {
  const yours = defaults.length === 0 ? 'none are set' : defaults.map(levelText).join('; ');
  return [
    section(`When *${inert(name)}* is told of as low, besides at its Low Credit Threshold.`),
    choiceInput({
      id: 'whose',
      label: 'Levels',
      choices: [
        { value: 'defaults', text: 'As for all your customers', description: yours },
        { value: 'own', text: 'Its own: those below' },
      ],
      chosen: levels === null ? 'defaults' : 'own',
    }),
  ];
}

function rowBlocks(row: number, level: AlertLevel | undefined): ModalBlock[] {
  return [
    choiceInput({
      id: `kind.${row}`,
      label: `Level ${row + 1}`,
      choices: KINDS,
      chosen: level && `${level.status}.${level.kind}`,
      optional: true,
    }),
    textInput({
      id: `value.${row}`,
      label: 'at',
      value: level && String(level.value),
      placeholder: 'nothing: no such level',
      most: 20,
      optional: true,
    }),
  ];
}

export const ALERT_LEVELS_FORM: Form = {
  callbackId: FORM,
  least: 'manager',
  async submitted(submission, { data }): Promise<Reply> {
    const { access, actor, context, values } = submission;
    const customerId = context.ids.customer ?? null;
    if (access.customerId !== null && access.customerId !== customerId)
      return { kind: 'errors', errors: { emails: 'This channel is another customer’s.' } };
    const usesDefaults = customerId !== null && values.choice('whose') === 'defaults';
    const rows = typedRows(submission);
    const lacking = usesDefaults ? undefined : rows.find(({ kind, value }) => kind === null || value === '');
    if (lacking)
      return {
        kind: 'errors',
        errors: {
          [lacking.kind === null ? `kind.${lacking.row}` : `value.${lacking.row}`]:
            lacking.kind === null ? 'Choose what the number counts, or empty it.' : 'Say at how many.',
        },
      };
    const interval = values.has('interval') ? values.text('interval') : null;
    if (interval !== null && !/^\d{1,4}$/.test(interval))
      return { kind: 'errors', errors: { interval: 'Give whole minutes, 0 to 1440.' } };
    const changed = await data.setAlertSettings(access.partnerId, actor, customerId, {
      levels: usesDefaults
        ? null
        : rows.map(({ kind, value }) => {
            const [status = '', unit = ''] = (kind ?? '').split('.');
            return { status, kind: unit, value };
          }),
      emails: values
        .text('emails')
        .split(/[\s,;]+/)
        .filter(Boolean),
      ...(interval === null ? {} : { intervalMinutes: Number(interval) }),
    });
    if (changed.kind === 'refused') return { kind: 'errors', errors: errorsOf(changed, rows) };
    const modal = noticeModal('Levels', '✅ Saved. Balances were looked at again.');
    return { kind: 'show', modal, refreshHome: true };
  },
};

/** The rows in which something was typed. */
function typedRows({ values }: Submission) {
  return Array.from({ length: ROWS }, (_, row) => ({
    row,
    kind: values.choice(`kind.${row}`),
    value: values.text(`value.${row}`).replaceAll(',', '').replace(/\s*%$/, ''),
  })).filter(({ kind, value }) => kind !== null || value !== '');
}

function errorsOf({ field, level, detail }: AlertRefused, rows: readonly { readonly row: number }[]) {
  const row = level === undefined ? undefined : rows[level]?.row;
  const at = row !== undefined ? `value.${row}` : field === 'interval' ? 'interval' : 'emails';
  return { [at]: detail.slice(0, 300) };
}
