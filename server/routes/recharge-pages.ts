import { TalktimeError } from '@talktime/core/contract';
import { isPartnerId, keepCardOfSession, openConfirmation, readConfirmation } from '@talktime/core/payments';
import { cardSavedPage, confirmPage, goOnPage, sorryPage } from '../pay/pages';
import { hidden, show, takeForms } from '../pay/show';
import type { Routes } from './index';

/** What the owner of a card sees: where a payment is confirmed, and where they come back to after saving a card. */
export const rechargePages: Routes = async (app, { payments, limits }) => {
  takeForms(app);

  app.get<{ Params: { partner: string; payment: string } }>(
    '/pay/confirm/:partner/:payment',
    hidden,
    async (request, reply) => {
      if (!payments) return show(reply, 503, OFF);
      const { partner, payment } = request.params;
      const asked = isPartnerId(partner) ? await readConfirmation(payments, partner, payment) : null;
      if (asked) return show(reply, 200, confirmPage(asked));
      await limits.refusal(request, reply);
      return show(reply, 404, DEAD_LINK);
    },
  );

  app.post<{ Params: { partner: string; payment: string } }>(
    '/pay/confirm/:partner/:payment',
    hidden,
    async (request, reply) => {
      if (!payments) return show(reply, 503, OFF);
      const { partner, payment } = request.params;
      if (!isPartnerId(partner)) return show(reply, 404, DEAD_LINK);
      try {
        const opened = await openConfirmation(payments, partner, payment);
        if (opened?.url) return show(reply, 200, goOnPage(opened.url));
      } catch (error) {
        if (!(error instanceof TalktimeError)) throw error;
        request.log.warn({ err: error }, 'a page to confirm a payment could not be opened');
        return show(reply, error.status, LATER);
      }
      const asked = await readConfirmation(payments, partner, payment);
      return asked ? show(reply, 200, confirmPage(asked)) : show(reply, 404, DEAD_LINK);
    },
  );

  app.get<{ Params: { partner: string }; Querystring: { session?: string } }>(
    '/pay/card-saved/:partner',
    hidden,
    async (request, reply) => {
      if (!payments) return show(reply, 503, OFF);
      const kept = await keepCardOfSession(payments, request.params.partner, request.query.session ?? '').catch(
        (error: unknown) => {
          request.log.warn({ err: error }, 'a card was not looked at when its owner came back; Stripe tells of it');
          return null;
        },
      );
      if (kept !== false) return show(reply, 200, cardSavedPage(kept === true));
      await limits.refusal(request, reply);
      return show(reply, 404, DEAD_LINK);
    },
  );
};

const DEAD_LINK = sorryPage('This link does not work', 'It has run out, or was replaced. Ask for a new one.');
const OFF = sorryPage(
  'Payments are not set up here',
  'Nothing can be paid at the moment. Ask whoever sent you the link.',
);
const LATER = sorryPage(
  'The payment page could not be opened',
  'Nothing was taken. Use the link again in a few minutes.',
);
