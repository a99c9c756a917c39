import Stripe from 'stripe';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { keepSetUpCard } from './card-setup';
import { lookAtAccount } from './connect/look';
import type { PaymentContext } from './context';
import type { Hint } from './observe';
import { findPayment, isPartnerId } from './rows';
import { settlePayment } from './settle';
import { HOST_ACCOUNT, type Account, type StripeAccess } from './stripe';

/** Something that Stripe told, as it is kept: what it is about, and nothing of what it said. */
export interface StripeEvent {
  readonly account: Account;
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
}

/** Which of the service's two addresses an event came to: each has a secret of its own. */
export type Ingress = 'host' | 'connect';

/**
 * Checks that an event is Stripe's, signed in the last minutes, and reads what it is about.
 * @throws TalktimeError SIGNATURE_MISSING, SIGNATURE_INVALID or SIGNATURE_EXPIRED
 */
export function readEvent(
  stripe: StripeAccess,
  ingress: Ingress,
  rawBody: Buffer,
  signature: string | undefined,
): StripeEvent {
  const secret = ingress === 'host' ? stripe.options.webhookSecret : stripe.options.connectWebhookSecret;
  if (secret === undefined)
    throw new TalktimeError(
      'ENDPOINT_NOT_FOUND',
      'There is no secret for this address: set STRIPE_CONNECT_WEBHOOK_SECRET.',
    );
  if (!signature) throw new TalktimeError('SIGNATURE_MISSING', 'The header Stripe-Signature is missing.');
  const event = verified(stripe, rawBody, signature, secret);
  const object = event.data.object as { id?: string };
  return {
    account: ingress === 'host' ? HOST_ACCOUNT : (event.account ?? HOST_ACCOUNT),
    eventId: event.id,
    type: event.type,
    objectId: object.id ?? '',
  };
}

function verified(stripe: StripeAccess, rawBody: Buffer, signature: string, secret: string): Stripe.Event {
  try {
    return stripe.client.webhooks.constructEvent(rawBody, signature, secret);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    const isOld = error.message.includes('tolerance');
    throw isOld
      ? new TalktimeError(
          'SIGNATURE_EXPIRED',
          'The signature is more than 5 minutes old. Stripe signs each attempt anew.',
        )
      : new TalktimeError(
          'SIGNATURE_INVALID',
          'The signature does not match. Check that the secret is the one of this very endpoint at Stripe.',
        );
  }
}

/** Keeps an event until it is worked on; false when it was told before. */
export async function recordEvent(database: Database, event: StripeEvent): Promise<boolean> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query(
      `insert into directory.stripe_events (account, event_id, type, object_id, next_attempt_at)
       values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
       on conflict do nothing
       returning event_id`,
      [event.account, event.eventId, event.type, event.objectId, TAKEN_UP_AFTER_SECONDS],
    ),
  );
  return rows.length > 0;
}

/** When an event that was recorded and not worked on (a crash) is taken up by the job. */
const TAKEN_UP_AFTER_SECONDS = 30;
const LONGEST_PAUSE_SECONDS = 3600;

/** Works on an event, and notes what it came to; what fails is tried again later. */
export async function workOnEvent(context: PaymentContext, event: StripeEvent): Promise<string> {
  try {
    const outcome = await handle(context, event);
    await context.database.asDirectory((transaction) => noteDone(transaction, event, outcome));
    return outcome;
  } catch (error) {
    await context.database.asDirectory((transaction) => noteFailed(transaction, event, error));
    throw error;
  }
}

async function noteDone(transaction: Transaction, { account, eventId }: StripeEvent, outcome: string): Promise<void> {
  await transaction.query(
    `update directory.stripe_events
     set done_at = clock_timestamp(), outcome = $3, attempts = attempts + 1
     where account = $1 and event_id = $2`,
    [account, eventId, outcome],
  );
}

async function noteFailed(transaction: Transaction, { account, eventId }: StripeEvent, error: unknown): Promise<void> {
  await transaction.query(
    `update directory.stripe_events
     set attempts = attempts + 1, outcome = left($3, 300),
         next_attempt_at = clock_timestamp() + make_interval(secs => least($4, 15 * 2 ^ least(attempts, 12)))
     where account = $1 and event_id = $2`,
    [account, eventId, error instanceof Error ? error.message : String(error), LONGEST_PAUSE_SECONDS],
  );
}

/** Works on events that are due: whose work failed, or was cut off by a crash. Answers how many it looked at. */
export async function workOnDueEvents(context: PaymentContext, signal: AbortSignal): Promise<number> {
  let looked = 0;
  let failed: unknown;
  while (!signal.aborted) {
    const [row] = await context.database.asDirectory(claim);
    if (!row) break;
    looked++;
    await workOnEvent(context, {
      account: row.account,
      eventId: row.event_id,
      type: row.type,
      objectId: row.object_id,
    }).catch((error: unknown) => (failed = error));
  }
  if (failed !== undefined)
    throw new Error(
      `Some events of Stripe could not be worked on: ${failed instanceof Error ? failed.message : 'unknown'}`,
      { cause: failed },
    );
  return looked;
}

function claim(transaction: Transaction) {
  return transaction.query<{ account: string; event_id: string; type: string; object_id: string }>(
    `update directory.stripe_events
     set next_attempt_at = clock_timestamp() + interval '2 minutes'
     where (account, event_id) = (
       select account, event_id from directory.stripe_events
       where done_at is null and next_attempt_at <= clock_timestamp()
       order by next_attempt_at
       limit 1
       for update skip locked)
     returning account, event_id, type, object_id`,
  );
}

/**
 * Forgets events that were worked on long ago, since Stripe repeats one for three days at most; and those that were tried in
 * vain for so long, as of an account that its owner disconnected.
 */
export async function forgetEvents(database: Database): Promise<void> {
  await database.asDirectory((transaction) =>
    transaction.query(
      `delete from directory.stripe_events
       where done_at < clock_timestamp() - interval '30 days'
         or done_at is null and received_at < clock_timestamp() - interval '30 days'`,
    ),
  );
}

/** What an event is about leads to a payment, a card that was saved, or a partner's account, which is looked at anew. */
async function handle(context: PaymentContext, event: StripeEvent): Promise<string> {
  if (ABOUT_AN_ACCOUNT.test(event.type)) return lookAtAccount(context, event.account);
  const lead = await leadOf(context.stripe, event);
  if (!lead) return 'nothing of ours';
  if ('setupIntent' in lead) return `a card: ${await keepSetUpCard(context, event.account, lead.setupIntent)}`;
  const { partnerId, paymentId, hint } = lead;
  const row = isPartnerId(partnerId)
    ? await context.database.asPartner(partnerId, (transaction) => findPayment(transaction, partnerId, paymentId))
    : undefined;
  // Whoever may write to another account could name any payment: only the account that it is on counts.
  if (!row || row.account !== event.account) return 'a payment that is not known here';
  return (await settlePayment(context, partnerId, paymentId, hint)).state;
}

interface Lead {
  readonly partnerId: string;
  readonly paymentId: string;
  readonly hint: Hint;
}

/** The events that something follows from, besides those about an account. docs/operators.md says to subscribe to these. */
const HEARD =
  /^(checkout\.session\.|payment_intent\.(succeeded|processing|payment_failed|canceled|requires_action)|refund\.|charge\.dispute\.|setup_intent\.succeeded)/;

const ABOUT_AN_ACCOUNT = /^account\.(updated|application\.deauthorized)$/;

/** Reads the object that an event is about, and in its metadata whose it is. */
async function leadOf(
  stripe: StripeAccess,
  { account, type, objectId }: StripeEvent,
): Promise<Lead | { readonly setupIntent: string } | null> {
  if (!HEARD.test(type)) return null;
  if (type === 'setup_intent.succeeded') return { setupIntent: objectId };
  if (type.startsWith('checkout.session.')) {
    const session = await stripe.ask(account, (client, at) => client.checkout.sessions.retrieve(objectId, {}, at));
    if (typeof session.setup_intent === 'string') return { setupIntent: session.setup_intent };
    return leadBy(session.metadata, { session: session.id });
  }
  if (type.startsWith('payment_intent.')) {
    const intent = await stripe.ask(account, (client, at) => client.paymentIntents.retrieve(objectId, {}, at));
    return leadBy(intent.metadata, { intent: intent.id });
  }
  const { payment_intent: intent } = type.startsWith('refund.')
    ? await stripe.ask(account, (client, at) => client.refunds.retrieve(objectId, EXPANDED, at))
    : await stripe.ask(account, (client, at) => client.disputes.retrieve(objectId, EXPANDED, at));
  return leadByIntent(intent);
}

const EXPANDED = { expand: ['payment_intent'] };

function leadByIntent(intent: string | Stripe.PaymentIntent | null): Lead | null {
  return intent === null || typeof intent === 'string' ? null : leadBy(intent.metadata, { intent: intent.id });
}

function leadBy(metadata: Stripe.Metadata | null, hint: Hint): Lead | null {
  const { talktime_partner: partnerId, talktime_payment: paymentId } = metadata ?? {};
  return partnerId === undefined || paymentId === undefined ? null : { partnerId, paymentId, hint };
}
