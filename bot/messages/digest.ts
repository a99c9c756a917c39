import { severity, type AlertNotice, type Audience } from '@talktime/core/alerts';
import { looks } from './alert';
import { actor, DOUBLED } from './alert-notes';
import { credits } from './amounts';
import { customerLine } from './customer-alert';
import { context, header, section, type Message } from './message';
import { inert, moment } from './text';

const NAME = 40;
/** A section holds 3,000 characters. */
const SECTION = 2_800;
/** All of it stays clear of Slack's total (limits.ts). */
const TOTAL = 9_000;
const NAMED_IN_TEXT = 5;

/** Balances that went low together, in one message: the worst first, each with its balance and since when. */
export function digestMessage(
  notices: readonly AlertNotice[],
  { audience, doubled }: { readonly audience: Audience; readonly doubled: boolean },
): Message {
  const sorted = [...notices].sort((a, b) => weight(b) - weight(a) || a.since.getTime() - b.since.getTime());
  const open = sorted.filter((notice) => weight(notice) > 0);
  const { sections, left } = inSections(sorted.map((notice) => line(notice, audience)));
  const over = notices.length - open.length;
  const title =
    open.length === 0
      ? `🟢 All ${notices.length} have recovered`
      : `🔻 ${count(open.length)} ${need(open.length)} attention`;
  const named = open.slice(0, NAMED_IN_TEXT).map(({ name }) => inert(name, NAME));
  return {
    text:
      open.length === 0
        ? title
        : `${title}: ${named.join(', ')}${open.length > named.length ? ` and ${open.length - named.length} more` : ''}`,
    blocks: [
      header(title),
      ...sections.map((text) => section(text)),
      context(
        [
          ...(left > 0 ? [`… and ${left} more.`] : []),
          `They crossed together, so they share this message.${over > 0 && open.length > 0 ? ` ${over} recovered since.` : ''}`,
          ...(audience === 'partner' ? ['`/credits customers --low` lists who is low now.'] : []),
          ...(doubled ? [DOUBLED] : []),
        ].join('\n'),
      ),
    ],
  };
}

const count = (n: number) => `${n} ${n === 1 ? 'balance' : 'balances'}`;
const need = (n: number) => (n === 1 ? 'needs' : 'need');

/** 0 when it is over. */
function weight(notice: AlertNotice): number {
  if (notice.margin !== null) return notice.event === 'margin_low' ? 1 : 0;
  if (notice.event === 'recharge_failed') return Math.max(1, severity(notice.status));
  return notice.event === 'recovered' ? 0 : severity(notice.status);
}

function line(notice: AlertNotice, audience: Audience): string {
  if (notice.margin !== null)
    return `${notice.event === 'margin_low' ? '📉' : '📈'} *${inert(notice.name, NAME)}* · margin · since ${moment(notice.since)}`;
  if (audience === 'customer') return customerLine(notice);
  const { mark } = looks(notice);
  const when = notice.event === 'recovered' ? `recovered ${moment(notice.at)}` : `since ${moment(notice.since)}`;
  const people = [
    ...(notice.acknowledged ? [`acknowledged by ${actor(notice.acknowledged.by)}`] : []),
    ...(notice.snoozed ? [`snoozed until ${moment(notice.snoozed.until)}`] : []),
    ...(notice.event === 'recharge_failed' ? ['recharge failed'] : []),
  ];
  const isOver = notice.event === 'recovered';
  return [`${mark} *${inert(notice.name, NAME)}*`, credits(notice.posted), when, ...(isOver ? [] : people)].join(' · ');
}

/** Lines in as many sections as they need, and how many did not fit. */
function inSections(lines: readonly string[]): { sections: string[]; left: number } {
  const sections: string[] = [];
  let total = 0;
  for (const [index, text] of lines.entries()) {
    total += text.length + 1;
    if (total > TOTAL) return { sections, left: lines.length - index };
    const last = sections.at(-1);
    if (last !== undefined && last.length + text.length < SECTION) sections[sections.length - 1] = `${last}\n${text}`;
    else sections.push(text);
  }
  return { sections, left: 0 };
}
