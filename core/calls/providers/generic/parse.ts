import { z } from 'zod';
import type { EndpointSettings } from '../../../contract';
import { SOURCE_RANK, type CallClues, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import { costOf, identifier, ignored, malformed, numeric, phoneNumber, unreadable } from '../fields';

type Fields = NonNullable<EndpointSettings['fields']>;
type Path = string | undefined;

/** Seconds or milliseconds since 1970, or ISO text; in milliseconds. */
const moment = z.union([z.number().nonnegative(), z.string().max(60)]).transform((value, context) => {
  const number = Number(value);
  const at = Number.isNaN(number) ? Date.parse(String(value)) : number < 1e11 ? number * 1000 : number;
  if (!(at >= 0 && at <= 9e15)) context.addIssue({ code: 'custom', message: 'no moment since 1970' });
  return at;
});
const word = z.union([z.string().max(500), z.number()]).transform(String);

const call = z.object({
  call_id: z.union([identifier, z.number().int().transform(String)]),
  seconds: numeric.nullish(),
  milliseconds: numeric.nullish(),
  minutes: numeric.refine((value) => value <= 1e9).nullish(),
  started_at: moment.nullish(),
  ended_at: moment.nullish(),
  cost: numeric.nullish(),
  agent_id: word.nullish(),
  from_number: word.nullish(),
  to_number: word.nullish(),
  direction: z.string().nullish().catch(null),
  customer_id: word.nullish(),
});
type GenericCall = z.output<typeof call>;

/** Reads a verified body by the field paths of its endpoint. */
export function parse(body: unknown, { fields }: EndpointSettings): Parsed {
  if (!fields) return unreadable('The endpoint does not say where the body has the call id and the length.');
  if (fields.billed_when && !holds(body, fields.billed_when))
    return ignored(`Not billed: ${fields.billed_when.field} is none of those that are.`);
  const found = Object.fromEntries(
    Object.keys(call.shape).map((name) => [name, at(body, fields[name as keyof Fields] as Path)]),
  );
  const read = call.safeParse(found);
  if (!read.success) return malformed('The body, by the field paths of its endpoint,', read.error);

  const outcome = outcomeOf(body, fields);
  const duration = durationOf(read.data);
  if (duration === null && outcome === 'connected')
    return unreadable('The body has no length where the field paths of its endpoint say it is.');
  return {
    kind: 'call',
    callId: read.data.call_id,
    leg: '',
    facts: {
      outcome,
      rawMilliseconds: duration ?? 0,
      cost: costOf(read.data.cost, fields.cost_currency),
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: read.data.started_at ?? null,
    clues: cluesOf(read.data),
    carrierCallId: null,
    unconfirmed: false,
  };
}

/** The value at a path of names and list positions; only what the body itself has. */
function at(body: unknown, path: Path): unknown {
  if (path === undefined) return undefined;
  let value = body;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function holds(body: unknown, { field, equals }: NonNullable<Fields['billed_when']>): boolean {
  const value = at(body, field);
  return equals.some((each) => each === value);
}

function outcomeOf(body: unknown, fields: Fields): CallOutcome {
  if (fields.provider_fault_when && holds(body, fields.provider_fault_when)) return 'provider_fault';
  return fields.unconnected_when && holds(body, fields.unconnected_when) ? 'unconnected' : 'connected';
}

function durationOf(data: GenericCall): number | null {
  if (data.milliseconds != null) return Math.ceil(data.milliseconds);
  if (data.seconds != null) return Math.ceil(data.seconds * 1000);
  if (data.minutes != null) return Math.ceil(data.minutes * 60_000);
  if (data.started_at == null || data.ended_at == null || data.ended_at < data.started_at) return null;
  return Math.ceil(data.ended_at - data.started_at);
}

function cluesOf(data: GenericCall): CallClues {
  const direction = data.direction?.toLowerCase();
  return {
    agentId: data.agent_id ?? null,
    fromNumber: phoneNumber(data.from_number),
    toNumber: phoneNumber(data.to_number),
    direction: direction === 'inbound' || direction === 'outbound' ? direction : null,
    metadataCustomerId: data.customer_id ?? null,
  };
}
