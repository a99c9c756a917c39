import { TalktimeError, type Difference, type Reconciliation } from '@talktime/core/contract';
import { listPartnerIds } from '@talktime/core/customers';
import { formatDecimal } from '@talktime/core/money';
import {
  formatMoney,
  keepReport,
  reconcile,
  reconcileHost,
  StripeBook,
  tellPayment,
  type PaymentContext,
  type PaymentStory,
} from '@talktime/core/payments';

export interface ReconcileArguments {
  /** null: every partner, and what is nobody's on the host's account. */
  readonly partnerId: string | null;
  readonly since: Date;
  readonly mend: boolean;
  readonly json: boolean;
}

type Print = (text: string) => void;

const ACTOR = { id: 'cli', host: true } as const;

/** Of the exit codes: nothing differs, something differs still, it could not be compared. */
const [RIGHT, DIFFERENT, UNKNOWN] = [0, 1, 2] as const;

/** `talktime reconcile stripe`: compares Stripe with the ledger, both ways, and names every difference. */
export async function runReconcile(
  context: PaymentContext,
  { partnerId, since, mend, json }: ReconcileArguments,
  print: Print,
): Promise<number> {
  return comparing(print, json, async () => {
    const book = new StripeBook(context.stripe, since);
    const partners = partnerId === null ? await listPartnerIds(context.database) : [partnerId];
    const reports: { readonly partner: string; readonly report: Reconciliation }[] = [];
    for (const partner of partners) {
      const report = await reconcile(context, partner, { since, mend, book });
      await keepReport(context.database, partner, ACTOR, report);
      reports.push({ partner, report });
    }
    const ofHost = partnerId === null ? await reconcileHost(context, book) : [];
    const left = [...reports.flatMap(({ report }) => report.differences), ...ofHost];
    if (json)
      print(
        JSON.stringify({
          agrees: left.length === 0,
          since: since.toISOString(),
          partners: reports.map(({ partner, report }) => ({ partner_id: partner, ...report })),
          host: ofHost,
        }),
      );
    else print(textOf(reports, ofHost).join('\n'));
    return left.length === 0 ? RIGHT : DIFFERENT;
  });
}

/** `talktime reconcile stripe --payment …`: paid, but not credited? All there is to know of one payment, in plain words. */
export async function runPaymentStory(
  context: PaymentContext,
  { id, partnerId, mend, json }: { id: string; partnerId: string | null; mend: boolean; json: boolean },
  print: Print,
): Promise<number> {
  return comparing(print, json, async () => {
    const story = await tellPayment(context, id, { partnerId, mend });
    if (!story) {
      print(
        json ? JSON.stringify({ agrees: false, payment: null }) : `Nobody here knows ${id}, and neither does Stripe.`,
      );
      return DIFFERENT;
    }
    print(json ? JSON.stringify(story, asJson) : wordsOf(story, id).join('\n'));
    return story.differences.length === 0 ? RIGHT : DIFFERENT;
  });
}

async function comparing(print: Print, json: boolean, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TalktimeError)) throw error;
    print(
      json
        ? JSON.stringify({ agrees: null, code: error.code, detail: error.detail })
        : `It could not be compared. ${error.code}: ${error.detail}`,
    );
    return UNKNOWN;
  }
}

const asJson = (_name: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

function textOf(
  reports: readonly { readonly partner: string; readonly report: Reconciliation }[],
  ofHost: readonly Difference[],
): string[] {
  const sum = (of: (report: Reconciliation) => number) => reports.reduce((total, { report }) => total + of(report), 0);
  const left = sum(({ differences }) => differences.length) + ofHost.length;
  return [
    `Compared ${counted(
      sum(({ compared }) => compared.at_stripe),
      'payment',
    )} at Stripe with ${counted(
      sum(({ compared }) => compared.here),
      'payment',
    )} here, of ${counted(reports.length, 'partner')}.`,
    ...reports.flatMap(({ partner, report }) => [
      ...report.mended.map((each) => `mended   partner ${partner}\n${linesOf(each, false)}`),
      ...report.differences.map((each) => `DIFFERS  partner ${partner}\n${linesOf(each, true)}`),
    ]),
    ...ofHost.map((each) => `DIFFERS  the host's account\n${linesOf(each, true)}`),
    left === 0 ? 'Stripe and the ledger agree.' : `${counted(left, 'difference')} left.`,
  ];
}

function linesOf({ code, title, detail, next, payment_intent, payment_id }: Difference, isLeft: boolean): string {
  const ids = [payment_id, payment_intent].filter((id) => id !== null).join(', ');
  return [`    ${code}  ${title}${ids && `: ${ids}`}`, `    ${detail}`, ...(isLeft ? [`    Next: ${next}`] : [])].join(
    '\n',
  );
}

function wordsOf({ partnerId, partnerName, payment, seen, ...story }: PaymentStory, id: string): string[] {
  const money = (minor: bigint) => formatMoney(minor, payment?.currency ?? 'USD');
  const intent = seen?.intent;
  return [
    payment
      ? `${payment.payment_id} of ${partnerName} (${partnerId}): ${money(payment.amount)} for ${formatDecimal(payment.credits)} credits${
          payment.bonus > 0n ? ` and a bonus of ${formatDecimal(payment.bonus)}` : ''
        }, to ${payment.customer_id ?? "the partner's own wallet"}. Begun ${at(payment.created_at)}; ${payment.state}.`
      : `${id} of ${partnerName} (${partnerId}): no payment is kept here.`,
    ...(payment?.failure_message ? [`  It says: ${payment.failure_message}`] : []),
    'At Stripe',
    ...(seen?.session ? [`  ${seen.session.id}  the checkout is ${seen.session.status}`] : []),
    intent
      ? `  ${intent.id}  ${intent.status}, ${formatMoney(intent.received, intent.currency)} received${intent.charge === null ? '' : `, ${intent.charge}`}`
      : '  No payment was begun.',
    ...(seen?.refunds ?? []).map(
      (refund) =>
        `  ${refund.id}  ${money(refund.amount)} refunded ${at(new Date(refund.createdAt))}: ${refund.status}`,
    ),
    ...(seen?.disputes ?? []).map(
      (dispute) =>
        `  ${dispute.id}  ${money(dispute.amount)} disputed ${at(new Date(dispute.createdAt))}: ${dispute.status}`,
    ),
    'Heard of it',
    ...none(
      story.events.map(
        (event) =>
          `  ${at(event.receivedAt)}  ${event.type}  ${event.doneAt === null ? `waits after ${counted(event.attempts, 'attempt')}` : 'done'}: ${event.outcome ?? '-'}  ${event.eventId}`,
      ),
    ),
    'In the ledger',
    ...none(
      story.operations.map(
        ({ at: moment, kind, amount, operationId, note }) =>
          `  ${at(moment)}  ${kind}  ${amount > 0n ? '+' : ''}${formatDecimal(amount)} credits  ${operationId}${note === null ? '' : `  ${note}`}`,
      ),
    ),
    ...story.mended.map((each) => `Mended\n${linesOf(each, false)}`),
    ...story.differences.map((each) => `DIFFERS\n${linesOf(each, true)}`),
    ...(story.differences.length === 0 ? ['Stripe and the ledger agree on it.'] : []),
  ];
}

const none = (lines: readonly string[]) => (lines.length === 0 ? ['  nothing'] : lines);
const at = (moment: Date) => moment.toISOString().slice(0, 19).replace('T', ' ');
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
