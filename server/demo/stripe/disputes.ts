import type Stripe from 'stripe';
import { merged } from './customers';
import { invalid } from './errors';
import { choice, expand, flag, metadata, page, range, shape, text } from './fields';
import { pageOf } from './lists';
import { route, type Route, type World } from './route';

export type DisputeStatus =
  | 'warning_needs_response'
  | 'warning_under_review'
  | 'warning_closed'
  | 'needs_response'
  | 'under_review'
  | 'won'
  | 'lost';

export interface NewDispute {
  /** Minor units; the whole charge unless said otherwise. */
  readonly amount?: number;
  readonly reason?: string;
  readonly status?: DisputeStatus;
}

const CLOSED: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed']);
const isWarning = (status: string) => status.startsWith('warning_');

/** The owner of the card asks their bank for the money back. */
export function newDispute(world: World, charge: Stripe.Charge, terms: NewDispute): Stripe.Dispute {
  const { state, account, events, cause } = world;
  const status = terms.status ?? 'needs_response';
  const dispute: Stripe.Dispute = {
    id: state.id('dispute'),
    object: 'dispute',
    amount: terms.amount ?? charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: state.seconds(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: state.seconds() + 7 * 24 * 60 * 60,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: isWarning(status),
    livemode: false,
    metadata: {},
    payment_intent: typeof charge.payment_intent === 'string' ? charge.payment_intent : null,
    payment_method_details: {
      type: 'card',
      card: {
        brand: charge.payment_method_details?.card?.brand ?? 'visa',
        case_type: isWarning(status) ? 'inquiry' : 'chargeback',
        network: charge.payment_method_details?.card?.network ?? 'visa',
        network_reason_code: '10.4',
      },
    },
    reason: terms.reason ?? 'fraudulent',
    status,
  };
  account.add('dispute', dispute);
  charge.disputed = true;
  events.add(account, cause, 'charge.dispute.created', dispute);
  if (!isWarning(status)) events.add(account, cause, 'charge.dispute.funds_withdrawn', dispute);
  if (CLOSED.has(status)) closed(world, dispute);
  return dispute;
}

/** A dispute goes on. An inquiry may become a dispute: then the money is taken. */
export function setDispute(world: World, dispute: Stripe.Dispute, status: DisputeStatus): void {
  const { account, events, cause } = world;
  const wasWarning = isWarning(dispute.status);
  dispute.status = status;
  dispute.is_charge_refundable = isWarning(status);
  if (wasWarning && !isWarning(status)) events.add(account, cause, 'charge.dispute.funds_withdrawn', dispute);
  if (CLOSED.has(status)) closed(world, dispute);
  else events.add(account, cause, 'charge.dispute.updated', dispute);
}

function closed({ account, events, cause }: World, dispute: Stripe.Dispute): void {
  events.add(account, cause, 'charge.dispute.closed', dispute);
  if (dispute.status === 'won') events.add(account, cause, 'charge.dispute.funds_reinstated', dispute);
}

const EVIDENCE = {
  customer_email_address: text(),
  customer_name: text(),
  customer_purchase_ip: text(),
  product_description: text(20_000),
  service_date: text(),
  uncategorized_text: text(20_000),
};

export const DISPUTES: readonly Route[] = [
  route<Stripe.DisputeRetrieveParams>(
    'GET /v1/disputes/:id',
    'dispute',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('dispute', id),
  ),
  route<Stripe.DisputeListParams>(
    'GET /v1/disputes',
    'dispute',
    { fields: { ...page, charge: text(), created: range, payment_intent: text() } },
    ({ account, params }) => {
      if (params.charge !== undefined) account.named('charge', params.charge, 'charge');
      if (params.payment_intent !== undefined) account.named('paymentIntent', params.payment_intent, 'payment_intent');
      return pageOf(
        '/v1/disputes',
        account.all('dispute').values(),
        params,
        (one) =>
          (params.charge === undefined || one.charge === params.charge) &&
          (params.payment_intent === undefined || one.payment_intent === params.payment_intent),
      );
    },
  ),
  route<Stripe.DisputeUpdateParams>(
    'POST /v1/disputes/:id',
    'dispute',
    {
      fields: {
        evidence: shape<Stripe.DisputeUpdateParams.Evidence>({ fields: EVIDENCE }),
        expand,
        intended_submission_method: choice('manual', 'prefer_manual', 'prefer_smart_disputes', 'smart_disputes'),
        metadata,
        submit: flag,
      },
    },
    (call) => {
      const { account, params } = call;
      const dispute = account.get('dispute', call.ids[0] ?? '');
      dispute.metadata = merged(dispute.metadata, params.metadata);
      if (params.evidence !== undefined) {
        checkOpen(dispute);
        const entries = Object.keys(EVIDENCE).flatMap((name) => {
          const value = params.evidence?.[name as keyof typeof EVIDENCE];
          return value === undefined ? [] : [[name, value]];
        });
        dispute.evidence = {
          ...dispute.evidence,
          ...(Object.fromEntries(entries) as Partial<Stripe.Dispute.Evidence>),
        };
        dispute.evidence_details.has_evidence = true;
        // Stripe submits unless it is told not to.
        if (params.submit !== false) {
          dispute.evidence_details.submission_count += 1;
          dispute.evidence_details.submission_method = 'manual';
          setDispute(call, dispute, isWarning(dispute.status) ? 'warning_under_review' : 'under_review');
          return dispute;
        }
      }
      call.events.add(account, call.cause, 'charge.dispute.updated', dispute);
      return dispute;
    },
  ),
  route<Stripe.DisputeCloseParams>('POST /v1/disputes/:id/close', 'dispute', { fields: { expand } }, (call) => {
    const dispute = call.account.get('dispute', call.ids[0] ?? '');
    checkOpen(dispute);
    setDispute(call, dispute, isWarning(dispute.status) ? 'warning_closed' : 'lost');
    return dispute;
  }),
];

function checkOpen(dispute: Stripe.Dispute): void {
  if (CLOSED.has(dispute.status)) throw invalid('This dispute is already closed');
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};
