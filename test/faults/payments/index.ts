import type { Random } from '../random';
import type { Report } from '../report';
import { seconds, until } from '../time';
import { auditPayments } from './audit';
import { dieWhile, planDeath } from './death';
import { Shop, type Asked } from './shop';

const PROGRESS = 10;
const MOST_RECHARGING = 40;
const SETTLED = 60_000;
/** A killed process's attempts are taken up by the job that looks at payments. */
const RECHARGED = 180_000;

export interface PaymentFaultOptions {
  readonly kills: number;
  readonly random: Random;
  readonly report: Report;
}

/**
 * The service is killed with SIGKILL at its calls to Stripe, before something is done there, before the answer, and between
 * the answer and its own commit, while payers pay, money goes back, and webhooks come, repeat, and are lost. In the end
 * `talktime reconcile stripe --mend` has to bring everything to what Stripe has.
 */
export async function paymentFaults({ kills, random, report }: PaymentFaultOptions): Promise<void> {
  const started = Date.now();
  const shop = await Shop.open(Math.min(kills, MOST_RECHARGING));
  try {
    const places = new Map<string, number>();
    for (let kill = 1; kill <= kills; kill++) {
      if (!shop.replica.isRunning) await shop.replica.start();
      const place = await dieWhile(shop, planDeath(shop, random), random, () => busyDay(shop, random));
      places.set(place, (places.get(place) ?? 0) + 1);
      if (kill % PROGRESS === 0 || kill === kills)
        report.say(
          `${String(kill).padStart(3)} of ${kills} kills  ${shop.checkouts.length} checkouts, ${shop.stripe.all('paymentIntent').length} payments begun, ${shop.open.length} requests open`,
        );
    }
    report.say(`killed ${[...places].map(([place, times]) => `${times} ${place}`).join(', ')}`);
    await conclude(shop, random, report);
    report.say(`${seconds(Date.now() - started)} in all`);
  } finally {
    await shop.close();
  }
}

/** What people do until the service dies: each thing once, whatever becomes of it. */
async function busyDay(shop: Shop, random: Random): Promise<void> {
  const { stripe } = shop;
  for (let count = random.between(1, 3); count > 0; count--) shop.checkout(random);
  shop.spend();
  await shop.askAll();
  for (const checkout of shop.checkouts) if (random.chance(0.5)) pay(shop, checkout, random);
  for (const checkout of random.shuffled(shop.checkouts).slice(0, 4)) moveBack(shop, checkout, random);
  await Promise.all([
    shop.askAll(),
    stripe.webhooks.deliver({
      all: true,
      order: { shuffledBy: random.between(0, 1_000_000) },
      times: random.between(1, 2),
      atOnce: random.chance(0.5),
    }),
  ]);
}

function pay({ stripe }: Shop, checkout: Asked, random: Random): void {
  const session = sessionOf(stripe, checkout);
  const intent = intentOf(stripe, checkout);
  if (intent?.status === 'processing') stripe.resolveDelayed(session.id, random.chance(0.8));
  else if (session.status === 'open')
    stripe.pay(session.id, {
      with: random.pick(['4242424242424242', '4242424242424242', '4000000000000002', 'delayed']),
    });
}

function moveBack(shop: Shop, checkout: Asked, random: Random): void {
  const { stripe } = shop;
  const intent = intentOf(stripe, checkout);
  if (intent?.status !== 'succeeded') return;
  const cents = random.between(1, Math.ceil(intent.amount_received / 3));
  const [dispute] = stripe.all('dispute').filter((each) => each.payment_intent === intent.id);
  switch (random.pick(['refund', 'refund', 'by hand', 'dispute', 'sync'])) {
    case 'refund':
      return void shop.refund(checkout, cents);
    case 'sync':
      return void shop.sync(checkout);
    case 'by hand':
      return whatStripeRefuses(() => {
        stripe.refund(intent.id, { amount: cents });
        shop.refundedByHand++;
      });
    default:
      return whatStripeRefuses(() =>
        dispute
          ? stripe.setDispute(dispute.id, random.pick(['won', 'lost', 'under_review']))
          : stripe.dispute(intent.id, { amount: cents }),
      );
  }
}

const sessionOf = (stripe: Shop['stripe'], { answer }: Asked) =>
  stripe.all('checkoutSession').find((session) => session.client_reference_id === answer!.body.id)!;
const intentOf = (stripe: Shop['stripe'], { answer }: Asked) =>
  stripe.all('paymentIntent').find((intent) => intent.metadata.talktime_payment === answer!.body.id);

/** Nothing left to refund, a dispute that has ended: Stripe would say so, too. */
function whatStripeRefuses(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error) || !/refund|disput|charge/i.test(error.message)) throw error;
  }
}

/** The service comes back to stay, some webhooks never come, and the two are compared. */
async function conclude(shop: Shop, random: Random, report: Report): Promise<void> {
  const { stripe, replica, postgres } = shop;
  if (!replica.isRunning) await replica.start();
  const answered = await until(async () => (await shop.askAll(), shop.open.length === 0), SETTLED, 200);
  report.check(
    'payments: every request is answered in the end',
    answered ? shop.findings : [...shop.findings, ...shop.open.map(({ kind, last }) => `${kind} was told ${last}`)],
    { detail: `${shop.asked.length}` },
  );
  stripe.webhooks.hold();
  for (const checkout of shop.checkouts) if (random.chance(0.5)) pay(shop, checkout, random);
  await stripe.webhooks.release({ times: 2, drop: () => random.chance(0.3) });

  const toppedUp = async () =>
    (await postgres.query(`select from talktime.payments where kind = 'recharge' and state = 'paid'`)).length;
  report.check(
    'payments: who spent has topped up by itself',
    (await until(async () => (await toppedUp()) === shop.spenders.length, RECHARGED, 250))
      ? []
      : [`${await toppedUp()} of ${shop.spenders.length}`],
    { detail: String(shop.spenders.length) },
  );
  const mending = await shop.talktime('reconcile', 'stripe', '--mend');
  const lines = mending.output.split('\n');
  const mended = lines.filter((line) => line.startsWith('mended')).length;
  report.check('payments: talktime reconcile stripe --mend leaves no difference', mending.code === 0 ? [] : lines, {
    detail: `${lines[0]} ${mended} mended`,
  });
  const waiting = async () =>
    (await postgres.query('select from directory.stripe_events where done_at is null')).length;
  await postgres.query('update directory.stripe_events set next_attempt_at = clock_timestamp() where done_at is null');
  report.check(
    'payments: every event that came is worked on',
    (await until(async () => (await waiting()) === 0, SETTLED, 250)) ? [] : [`${await waiting()} wait`],
  );
  const again = await shop.talktime('reconcile', 'stripe');
  report.check('payments: Stripe and the ledger agree', again.code === 0 ? [] : again.output.split('\n'));
  const audit = await auditPayments(shop);
  report.check(
    'payments: each was credited once, and what went back was taken, by Stripe’s own objects',
    audit.findings,
    {
      detail: `${audit.paid} paid, ${audit.credited} credited, ${audit.doubled} doubled, ${audit.lost} lost; ${audit.recharges} by themselves, ${audit.refunds} refunds, ${audit.disputes} disputes`,
    },
  );
  const verified = await shop.talktime('verify');
  report.check('payments: talktime verify', verified.code === 0 ? [] : verified.output.split('\n'), {
    detail: verified.output.split('\n')[0],
  });
}
