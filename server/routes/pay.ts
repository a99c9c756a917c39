import { randomBytes } from 'node:crypto';
import { checkoutCreate, customerId, moment, TalktimeError } from '@talktime/core/contract';
import {
  createPayLink,
  endPayLinks,
  findThanks,
  openCheckout,
  openPayLink,
  readShop,
  settlePayment,
  showsPricing,
} from '@talktime/core/payments';
import { z } from 'zod';
import { partnerCaller, requireCustomer } from '../access';
import { goOnPage, shopPage, sorryPage, thanksPage } from '../pay/pages';
import { hidden, show, takeForms } from '../pay/show';
import type { Routes } from './index';
import { requirePayments } from './payments';
import { nothing } from './queries';

const A_DAY = 24 * 60 * 60;
const USUAL_DAYS = 30;
const MOST_DAYS = 366;
/** The payer's own doing: whoever has the link. */
const BY_LINK = { id: 'pay-link', host: false } as const;

const form = z.object({
  plan_id: z.string().max(100).optional(),
  amount: z.string().max(40).optional(),
  once: z.string().regex(/^[0-9a-f]{32}$/),
});

export const payRoutes: Routes = async (app, { talktime, payments, publicUrl, limits }) => {
  app.post(
    '/v1/customers/:id/pay-links',
    {
      config: {
        access: { scope: 'top-up', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED', 'PAYMENTS_OFF'],
        example: { valid_days: 30 },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'createPayLink',
        summary: "A link by which the customer's people buy credits by themselves",
        description:
          'Shows the plans that the customer may see, and an amount of its own choice where pricing information is shown. Whoever has the link may pay, and nothing else.',
        params: z.object({ id: customerId }),
        body: z.object({ valid_days: z.number().int().min(1).max(MOST_DAYS).default(USUAL_DAYS) }).strict(),
        response: { 201: z.object({ url: z.string(), expires_at: moment }) },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.params.id);
      requirePayments(payments);
      if (publicUrl === undefined)
        throw new TalktimeError(
          'PAYMENTS_OFF',
          'The service does not know where it is reached from outside. Whoever runs it sets PUBLIC_URL.',
        );
      const { token, expiresAt } = await createPayLink(
        talktime,
        caller.partnerId,
        caller.actor,
        request.params.id,
        request.body.valid_days * A_DAY,
      );
      return reply.code(201).send({ url: `${publicUrl}/pay/${token}`, expires_at: expiresAt.toISOString() });
    },
  );

  app.delete(
    '/v1/customers/:id/pay-links',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'endPayLinks',
        summary: 'End every link of a customer that was given out until now',
        params: z.object({ id: customerId }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.params.id);
      await endPayLinks(talktime.database, caller.partnerId, caller.actor, request.params.id);
      return reply.code(204).send();
    },
  );

  app.register(async (pages) => {
    takeForms(pages);

    pages.get<{ Params: { token: string } }>('/pay/:token', hidden, async (request, reply) => {
      const link = await openPayLink(talktime, request.params.token);
      if (!link) {
        await limits.refusal(request, reply);
        return show(reply, 404, DEAD_LINK);
      }
      if (!payments) return show(reply, 503, OFF);
      return show(reply, 200, shopPage(await readShop(talktime.database, link.partnerId, link.customerId), newOnce()));
    });

    pages.post<{ Params: { token: string } }>('/pay/:token', hidden, async (request, reply) => {
      await limits.refusal(request, reply); // each makes a request to Stripe, and needs no key
      const link = await openPayLink(talktime, request.params.token);
      if (!link) return show(reply, 404, DEAD_LINK);
      if (!payments) return show(reply, 503, OFF);
      const { partnerId, customerId: customer } = link;
      try {
        const { once, plan_id, amount } = form.parse(request.body);
        const shop = await readShop(talktime.database, partnerId, customer);
        // Where pricing is not shown, neither is what an amount would buy (money-rules 21).
        if (plan_id === undefined && shop.freeAmount === null)
          throw new TalktimeError('PLAN_NOT_FOUND', 'Choose a plan.');
        const body = checkoutCreate.parse({
          customer_id: customer,
          ...(plan_id === undefined ? { amount: amount?.replace(',', '.') } : { plan_id }),
          idempotency_key: `pay-link ${once}`,
        });
        const { url } = await openCheckout(payments, partnerId, BY_LINK, body);
        if (url === null) throw new TalktimeError('PAYMENT_EXPIRED', 'This payment has ended already. Choose again.');
        return show(reply, 200, goOnPage(url));
      } catch (error) {
        const [status, says] = problemFor(error);
        request.log.info({ problem: status }, 'a payment by a link was not opened');
        return show(
          reply,
          status,
          shopPage(await readShop(talktime.database, partnerId, customer), newOnce(), {
            says,
            typed: typedIn(request.body),
          }),
        );
      }
    });

    pages.get<{ Params: { partner: string; payment: string }; Querystring: { session?: string } }>(
      '/pay/thanks/:partner/:payment',
      hidden,
      async (request, reply) => {
        const { partner, payment } = request.params;
        const known = await findThanks(talktime.database, partner, payment, request.query.session ?? '');
        if (!known) {
          await limits.refusal(request, reply);
          return show(reply, 404, DEAD_LINK);
        }
        const showsCredits = await showsPricing(talktime.database, partner, known.customer_id);
        if (!payments) return show(reply, 200, thanksPage(known, showsCredits));
        // Whether Stripe's webhook or the payer is here first makes no difference.
        const settled = await settlePayment(payments, partner, payment).catch((error: unknown) => {
          request.log.warn({ err: error }, 'a payment was not looked at when its payer came back; a job will');
          return known;
        });
        return show(reply, 200, thanksPage(settled, showsCredits));
      },
    );
  });
};

/** What somebody typed as an amount, to be typed on. */
function typedIn(body: unknown): string {
  const { amount } = body as { amount?: string };
  return amount?.slice(0, 40) ?? '';
}

const newOnce = () => randomBytes(16).toString('hex');

const DEAD_LINK = sorryPage('This link does not work', 'It has run out, or was replaced. Ask for a new one.');
const OFF = sorryPage(
  'Payments are not set up here',
  'Nothing can be paid at the moment. Ask whoever sent you the link.',
);

/** What the payer is told: nothing of the partner's set-up. */
function problemFor(error: unknown): [status: number, problem: string] {
  if (error instanceof z.ZodError) return [400, 'Type an amount such as 50 or 49.90, or choose a plan.'];
  if (!(error instanceof TalktimeError)) throw error;
  switch (error.code) {
    case 'TOP_UP_LIMIT':
    case 'PRICE_NOT_PAYABLE':
    case 'PAYMENT_EXPIRED':
      return [error.status, error.detail];
    case 'NUMBER_INVALID':
    case 'NUMBER_PRECISION':
    case 'NUMBER_RANGE':
    case 'AMOUNT_NOT_POSITIVE':
      return [400, 'Type an amount such as 50 or 49.90.'];
    case 'STRIPE_UNREACHABLE':
      return [503, 'The payment page could not be opened. Try again in a minute; nothing was taken.'];
    default:
      return [409, 'This cannot be bought at the moment. Nothing was taken; ask whoever sent you the link.'];
  }
}
