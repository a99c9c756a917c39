import { TalktimeError } from '../../contract/errors';
import type { Difference, Reconciliation } from '../../contract';
import { listPartnerIds } from '../../customers';
import type { PaymentContext } from '../context';
import { workOnEvent } from '../events';
import { settlePayment } from '../settle';
import { HOST_ACCOUNT, isAboutAccess, type Account } from '../stripe';
import { compare, ofStranger, stuckEvent, type Books, type StripePayment } from './compare';
import { accountsOf, readOurBooks, readStuckEvents, readStuckEventsOfHost, type OurBooks } from './our-books';
import { readStripePayment, StripeBook } from './stripe-book';

export interface ReconcileOptions {
  readonly since: Date;
  /** Whether what can be mended is. */
  readonly mend: boolean;
  /** What was listed at Stripe since then already; read now unless given. */
  readonly book?: StripeBook;
}

/**
 * Compares what Stripe has of a partner's payments with what is kept here and with the ledger, both ways, and mends what
 * settling can mend. Payments go on meanwhile: what seems to differ is looked at once more by itself, and told only if it
 * differs then, too.
 */
export async function reconcile(
  context: PaymentContext,
  partnerId: string,
  { since, mend, book = new StripeBook(context.stripe, since) }: ReconcileOptions,
): Promise<Reconciliation> {
  const accounts = await withAccess(await accountsOf(context.database, partnerId), book);
  const { books, ours } = await readAll(context, partnerId, accounts, book);
  const suspected = compare(books);
  const found = (await lookAgain(context, partnerId, accounts, suspected)).filter(isIn(suspected));
  const left = mend && found.length > 0 ? await mendAll(context, partnerId, accounts, found) : found;
  return {
    at: new Date().toISOString(),
    since: since.toISOString(),
    compared: { at_stripe: books.atStripe.length, here: ours.kept.length },
    mended: found.filter((difference) => !isIn(left)(difference)),
    differences: left,
  };
}

/** Without the accounts that their owners have disconnected: what is there cannot be seen any more, all else is compared. */
async function withAccess(accounts: readonly Account[], book: StripeBook): Promise<Account[]> {
  const seen: Account[] = [];
  for (const account of accounts)
    await book.list(account).then(
      () => seen.push(account),
      (error: unknown) => {
        if (account === HOST_ACCOUNT || !(error instanceof TalktimeError) || !isAboutAccess(error)) throw error;
      },
    );
  return seen;
}

/** What the host's own account has of nobody who is known here, and events of it that wait. */
export async function reconcileHost(context: PaymentContext, book: StripeBook): Promise<Difference[]> {
  const known = new Set(await listPartnerIds(context.database));
  const { payments } = await book.list(HOST_ACCOUNT);
  const strangers = [...payments.values()].filter(
    ({ isPaid, partnerId }) => isPaid && partnerId !== null && !known.has(partnerId),
  );
  return [...strangers.map(ofStranger), ...(await readStuckEventsOfHost(context.database)).map(stuckEvent)];
}

/** The same of one payment, by its id or its PaymentIntent's. */
export async function reconcileOne(
  context: PaymentContext,
  partnerId: string,
  of: { readonly paymentId: string | null; readonly intent: string | null },
  mend: boolean,
): Promise<Pick<Reconciliation, 'mended' | 'differences'>> {
  const accounts = await accountsOf(context.database, partnerId);
  const subject = [{ payment_id: of.paymentId, payment_intent: of.intent }];
  const found = await lookAgain(context, partnerId, accounts, subject);
  const left = mend ? await mendAll(context, partnerId, accounts, found, subject) : found;
  return { mended: found.filter((difference) => !isIn(left)(difference)), differences: left };
}

async function readAll(
  context: PaymentContext,
  partnerId: string,
  accounts: readonly Account[],
  book: StripeBook,
): Promise<{ books: Books; ours: OurBooks }> {
  const listed = new Map<string, StripePayment>();
  const older: string[] = [];
  for (const account of accounts) {
    const listing = await book.list(account);
    for (const payment of listing.payments.values())
      if (payment.partnerId === partnerId) listed.set(payment.intent, payment);
    older.push(...listing.older);
  }
  const ours = on(
    accounts,
    await readOurBooks(context.database, partnerId, {
      since: book.since,
      intents: [...listed.keys(), ...older],
      paymentIds: [...listed.values()].flatMap(({ paymentId }) => paymentId ?? []),
    }),
  );
  for (const [intent, account] of intentsOf(ours))
    if (!listed.has(intent)) await readInto(listed, context, accounts, intent, account);
  const waiting = await readStuckEvents(
    context.database,
    partnerId,
    accounts.filter((account) => account !== HOST_ACCOUNT),
  );
  return { books: { partnerId, atStripe: [...listed.values()], ...ours, waiting }, ours };
}

/** What is on these accounts, or on none that is known. */
function on(accounts: readonly Account[], { kept, credited, byHand }: OurBooks): OurBooks {
  const isOn = ({ account }: OurBooks['kept'][number]) => accounts.includes(account);
  const elsewhere = new Set(kept.flatMap((row) => (isOn(row) ? [] : [row.intent])));
  return { kept: kept.filter(isOn), credited: credited.filter(({ intent }) => !elsewhere.has(intent)), byHand };
}

/** What a payment's row or the ledger names, with its account where that is known. */
function intentsOf({ kept, credited }: OurBooks): Map<string, Account | null> {
  return new Map([
    ...credited.map(({ intent }) => [intent, null] as const),
    ...kept.flatMap(({ intent, account }) => (intent === null ? [] : [[intent, account] as const])),
  ]);
}

async function readInto(
  payments: Map<string, StripePayment>,
  { stripe }: PaymentContext,
  accounts: readonly Account[],
  intent: string,
  account: Account | null,
): Promise<void> {
  for (const each of account === null ? accounts : [account]) {
    const payment = await readStripePayment(stripe, each, intent);
    if (payment) return void payments.set(intent, payment);
  }
}

type Subject = Pick<Difference, 'payment_id' | 'payment_intent'>;

/** Reads what differences are about anew, one by one, and compares that. */
async function lookAgain(
  context: PaymentContext,
  partnerId: string,
  accounts: readonly Account[],
  about: readonly Subject[],
): Promise<Difference[]> {
  const named = about.flatMap(({ payment_intent: intent }) => intent ?? []);
  const wanted = {
    since: null,
    intents: named,
    paymentIds: about.flatMap(({ payment_id: paymentId }) => paymentId ?? []),
  };
  const accountOf = intentsOf(on(accounts, await readOurBooks(context.database, partnerId, wanted)));
  const atStripe = new Map<string, StripePayment>();
  for (const intent of new Set([...named, ...accountOf.keys()]))
    await readInto(atStripe, context, accounts, intent, accountOf.get(intent) ?? null);
  const ours = on(
    accounts,
    await readOurBooks(context.database, partnerId, { ...wanted, intents: [...atStripe.keys(), ...named] }),
  );
  const waiting = await readStuckEvents(
    context.database,
    partnerId,
    accounts.filter((account) => account !== HOST_ACCOUNT),
  );
  return compare({ partnerId, atStripe: [...atStripe.values()], ...ours, waiting });
}

/** Settles what is known here, and works on what waits. Answers what differs still. */
async function mendAll(
  context: PaymentContext,
  partnerId: string,
  accounts: readonly Account[],
  found: readonly Difference[],
  about: readonly Subject[] = found,
): Promise<Difference[]> {
  const hints = new Map(found.flatMap((each) => (each.payment_id === null ? [] : [[each.payment_id, each] as const])));
  for (const [paymentId, { payment_intent: intent }] of hints)
    await unlessRefused(settlePayment(context, partnerId, paymentId, intent === null ? {} : { intent }));
  if (found.some(({ code }) => code === 'STUCK_EVENT'))
    for (const event of await readStuckEvents(
      context.database,
      partnerId,
      accounts.filter((account) => account !== HOST_ACCOUNT),
    ))
      await unlessRefused(workOnEvent(context, event));
  return lookAgain(context, partnerId, accounts, about);
}

/** What Stripe or the ledger refuses stays a difference. */
async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof TalktimeError)) throw error;
  });
}

const keyOf = ({ code, payment_id, payment_intent, detail }: Difference) =>
  [code, payment_id, payment_intent, code === 'STUCK_EVENT' ? detail.split(' ')[0] : ''].join();

function isIn(differences: readonly Difference[]): (difference: Difference) => boolean {
  const keys = new Set(differences.map(keyOf));
  return (difference) => keys.has(keyOf(difference));
}
