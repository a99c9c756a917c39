import type Stripe from 'stripe';
import { invalid } from './errors';
import { choice, expand, integer, metadata, page, shape, text } from './fields';
import { pageOf } from './lists';
import { route, type Route } from './route';
import { randomPart } from './state';

const A_DAY = 24 * 60 * 60;

export const METERS: readonly Route[] = [
  route<Stripe.Billing.MeterCreateParams>(
    'POST /v1/billing/meters',
    'billing_meter',
    {
      fields: {
        customer_mapping: shape<Stripe.Billing.MeterCreateParams.CustomerMapping>({
          fields: { event_payload_key: text(100), type: choice('by_id') },
          required: ['event_payload_key', 'type'],
        }),
        default_aggregation: shape<Stripe.Billing.MeterCreateParams.DefaultAggregation>({
          fields: { formula: choice('count', 'last', 'sum') },
          required: ['formula'],
        }),
        display_name: text(250),
        event_name: text(100),
        event_time_window: choice('day', 'hour'),
        expand,
        value_settings: shape<Stripe.Billing.MeterCreateParams.ValueSettings>({
          fields: { event_payload_key: text(100) },
          required: ['event_payload_key'],
        }),
      },
      required: ['default_aggregation', 'display_name', 'event_name'],
    },
    ({ state, account, params, events, cause }) => {
      const isTaken = [...account.all('meter').values()].some(
        (one) => one.event_name === params.event_name && one.status === 'active',
      );
      if (isTaken)
        throw invalid(
          `A meter with the event name ${params.event_name} already exists.`,
          'resource_already_exists',
          'event_name',
        );
      const meter = account.add('meter', {
        id: state.id('meter'),
        object: 'billing.meter',
        created: state.seconds(),
        customer_mapping: params.customer_mapping ?? { event_payload_key: 'stripe_customer_id', type: 'by_id' },
        default_aggregation: params.default_aggregation,
        display_name: params.display_name,
        event_name: params.event_name,
        event_time_window: params.event_time_window ?? null,
        livemode: false,
        status: 'active',
        status_transitions: { deactivated_at: null },
        updated: state.seconds(),
        value_settings: params.value_settings ?? { event_payload_key: 'value' },
      });
      events.add(account, cause, 'billing.meter.created', meter);
      return meter;
    },
  ),
  route<Stripe.Billing.MeterRetrieveParams>(
    'GET /v1/billing/meters/:id',
    'billing_meter',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('meter', id),
  ),
  route<Stripe.Billing.MeterListParams>(
    'GET /v1/billing/meters',
    'billing_meter',
    { fields: { ...page, status: choice('active', 'inactive') } },
    ({ account, params }) =>
      pageOf(
        '/v1/billing/meters',
        account.all('meter').values(),
        params,
        ({ status }) => params.status === undefined || params.status === status,
      ),
  ),
  route<Stripe.Billing.MeterEventCreateParams>(
    'POST /v1/billing/meter_events',
    'billing_meter_event',
    {
      fields: { event_name: text(100), expand, identifier: text(100), payload: metadata, timestamp: integer(0) },
      required: ['event_name', 'payload'],
    },
    ({ state, account, params }) => {
      const now = state.seconds();
      const meter = [...account.all('meter').values()].find(
        (one) => one.event_name === params.event_name && one.status === 'active',
      );
      if (!meter) throw invalid(`No active meter found for event name ${params.event_name}.`, 'no_meter', 'event_name');
      const timestamp = params.timestamp ?? now;
      if (timestamp > now + 300)
        throw invalid('The timestamp is too far in the future.', 'timestamp_in_future', 'timestamp');
      if (timestamp < now - 35 * A_DAY)
        throw invalid('The timestamp is too far in the past.', 'timestamp_too_far_in_past', 'timestamp');
      const customer = params.payload[meter.customer_mapping.event_payload_key];
      if (customer === undefined)
        throw invalid('The event payload names no customer.', 'meter_event_no_customer_defined', 'payload');
      account.named('customer', customer, `payload[${meter.customer_mapping.event_payload_key}]`);
      const sent = params.payload[meter.value_settings.event_payload_key];
      if (sent === undefined && meter.default_aggregation.formula !== 'count')
        throw invalid('The event payload has no value.', 'meter_event_value_not_found', 'payload');
      const value = Number(sent ?? '1');
      // "The numerical usage value in the payload only accepts whole number values", of 15 digits at most.
      // docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api
      const at = `payload[${meter.value_settings.event_payload_key}]`;
      if (!/^-?\d+$/.test(sent ?? '1')) throw invalid(`Invalid value: ${sent}`, 'meter_event_invalid_value', at);
      if (!/^-?\d{1,15}$/.test(sent ?? '1'))
        throw invalid(
          `The value in the event payload can have at most 15 digits. Received ${sent}.`,
          'meter_event_value_too_many_digits',
          at,
        );
      const identifier = params.identifier ?? randomPart(24);
      // "We recommend using a globally unique identifier … enforced within a rolling period of at least 24 hours."
      if (account.meterUses.some(({ event }) => event.identifier === identifier && event.created > now - A_DAY))
        throw invalid(`An event already exists with identifier ${identifier}.`, 'duplicate_meter_event', 'identifier');
      const event: Stripe.Billing.MeterEvent = {
        object: 'billing.meter_event',
        created: now,
        event_name: params.event_name,
        identifier,
        livemode: false,
        payload: { ...params.payload },
        timestamp,
      };
      account.meterUses.push({ event, customer, value, canceled: false });
      return event;
    },
  ),
  route<Stripe.Billing.MeterEventAdjustmentCreateParams>(
    'POST /v1/billing/meter_event_adjustments',
    'billing_meter_event_adjustment',
    {
      fields: {
        cancel: shape<Stripe.Billing.MeterEventAdjustmentCreateParams.Cancel>({
          fields: { identifier: text(100) },
          required: ['identifier'],
        }),
        event_name: text(100),
        expand,
        type: choice('cancel'),
      },
      required: ['event_name', 'type'],
    },
    ({ state, account, params }) => {
      const identifier = params.cancel?.identifier ?? '';
      const use = account.meterUses.find(
        ({ event }) => event.identifier === identifier && event.event_name === params.event_name,
      );
      if (!use)
        throw invalid(`No meter event found with identifier ${identifier}.`, 'resource_missing', 'cancel[identifier]');
      if (use.event.created < state.seconds() - A_DAY)
        throw invalid(
          'Meter events can be cancelled within 24 hours of their receipt.',
          undefined,
          'cancel[identifier]',
        );
      use.canceled = true;
      const adjustment: Stripe.Billing.MeterEventAdjustment = {
        object: 'billing.meter_event_adjustment',
        cancel: { identifier },
        event_name: params.event_name,
        livemode: false,
        status: 'pending',
        type: 'cancel',
      };
      return adjustment;
    },
  ),
  route<Stripe.Billing.MeterListEventSummariesParams>(
    'GET /v1/billing/meters/:id/event_summaries',
    'billing_meter',
    {
      fields: {
        ...page,
        customer: text(),
        end_time: integer(0),
        start_time: integer(0),
        value_grouping_window: choice('day', 'hour'),
      },
      required: ['customer', 'end_time', 'start_time'],
    },
    ({ account, params, ids: [id = ''] }) => {
      const meter = account.get('meter', id);
      account.named('customer', params.customer, 'customer');
      if (params.start_time % 60 !== 0 || params.end_time % 60 !== 0)
        throw invalid('start_time and end_time must align with minute boundaries.', undefined, 'start_time');
      const window = params.value_grouping_window;
      const step = window === 'day' ? A_DAY : window === 'hour' ? 3_600 : params.end_time - params.start_time;
      const summaries: Stripe.Billing.MeterEventSummary[] = [];
      for (let from = params.start_time; from < params.end_time; from += step) {
        const to = Math.min(from + step, params.end_time);
        const values = account.meterUses.flatMap(({ event, customer, value, canceled }) =>
          event.event_name === meter.event_name &&
          customer === params.customer &&
          !canceled &&
          event.timestamp >= from &&
          event.timestamp < to
            ? [value]
            : [],
        );
        if (values.length === 0) continue;
        summaries.push({
          id: `mtrsum_${meter.id.slice(-6)}${from}`,
          object: 'billing.meter_event_summary',
          aggregated_value: aggregated(meter, values),
          end_time: to,
          livemode: false,
          meter: meter.id,
          start_time: from,
        });
      }
      return pageOf(`/v1/billing/meters/${id}/event_summaries`, summaries, params);
    },
  ),
];

function aggregated(meter: Stripe.Billing.Meter, values: readonly number[]): number {
  switch (meter.default_aggregation.formula) {
    case 'count':
      return values.length;
    case 'last':
      return values.at(-1) ?? 0;
    default:
      return values.reduce((sum, value) => sum + value, 0);
  }
}
