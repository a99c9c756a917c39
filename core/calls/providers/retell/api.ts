import { z } from 'zod';
import { SOURCE_RANK } from '../../facts';
import type { LiveCall, ProviderApi, ProviderApiOptions } from '../api';
import type { Parsed } from '../adapter';
import { askApi, ProviderApiError } from '../http';
import { parse } from './parse';

const USUAL_URL = 'https://api.retellai.com';
const PAGE = 500;

const page = z.object({
  items: z.array(z.looseObject({ call_id: z.string(), call_status: z.string().nullish() })),
  has_more: z.boolean(),
  pagination_key: z.string().nullish(),
});
const one = page.shape.items.element;

/** Statuses of a call that has not ended. */
const LIVE = new Set(['registered', 'ongoing']);

/** Retell's API (retell-sdk 5.66: POST /v3/list-calls, GET /v2/get-call, POST /v2/stop-call). */
export function retellApi({ apiKey, url = USUAL_URL }: ProviderApiOptions): ProviderApi {
  return {
    async *calls(from, to, liveOnly = false) {
      let key: string | undefined;
      do {
        const answer = page.safeParse(
          await askApi({
            method: 'POST',
            url: `${url}/v3/list-calls`,
            name: "Retell's list of calls",
            apiKey,
            body: {
              filter_criteria: {
                start_timestamp: { type: 'range', op: 'bt', value: [from, to] },
                ...(liveOnly && { call_status: { type: 'enum', op: 'in', value: ['ongoing'] } }),
              },
              sort_order: 'ascending',
              limit: PAGE,
              ...(key === undefined ? {} : { pagination_key: key }),
            },
          }),
        );
        if (!answer.success) throw new ProviderApiError("Retell's list of calls", 200);
        yield answer.data.items.map(read);
        key = answer.data.has_more ? (answer.data.pagination_key ?? undefined) : undefined;
      } while (key !== undefined);
    },

    async call(callId) {
      const path = `/v2/get-call/${encodeURIComponent(callId)}`;
      const answer = await askApi({ method: 'GET', url: url + path, name: "Retell's call", apiKey });
      if (answer === null) return null;
      const known = one.safeParse(answer);
      if (!known.success) throw new ProviderApiError("Retell's call", 200);
      return read(known.data);
    },

    async endCall(callId) {
      const path = `/v2/stop-call/${encodeURIComponent(callId)}`;
      await askApi({ method: 'POST', url: url + path, name: "Retell's stop-call", apiKey });
    },
  };
}

/** The call object is the webhook's; it comes from the API, which is believed over both webhooks. */
function read(call: z.output<typeof one>): Parsed | LiveCall {
  const parsed = parse({ event: 'call_analyzed', call: { ...call, ...(isLive(call) && { duration_ms: 0 }) } });
  if (parsed.kind !== 'call') return parsed;
  if (isLive(call)) {
    const { callId, startedAt, clues } = parsed;
    return { kind: 'live', callId, startedAt, clues };
  }
  return { ...parsed, facts: { ...parsed.facts, rank: SOURCE_RANK.provider_api, order: null } };
}

const isLive = ({ call_status }: z.output<typeof one>) => LIVE.has(call_status ?? '');
