import { z } from 'zod';
import { SOURCE_RANK } from '../../facts';
import type { LiveCall, ProviderApi, ProviderApiOptions } from '../api';
import type { Parsed } from '../adapter';
import { askApi, ProviderApiError } from '../http';
import { parseReport } from './parse';

const USUAL_URL = 'https://api.vapi.ai';
const PAGE = 1000;

const one = z.looseObject({
  id: z.string(),
  status: z.string().nullish(),
  createdAt: z.string(),
  endedReason: z.string().nullish(),
  monitor: z.object({ controlUrl: z.string().nullish() }).nullish(),
});
type VapiCall = z.output<typeof one>;

/** Vapi's API (@vapi-ai/server-sdk 2.0: GET /call, GET /call/{id}; a live call is ended through its control URL). */
export function vapiApi({ apiKey, url = USUAL_URL }: ProviderApiOptions): ProviderApi {
  const get = async (callId: string): Promise<VapiCall | null> => {
    const path = `/call/${encodeURIComponent(callId)}`;
    const answer = await askApi({ method: 'GET', url: url + path, name: "Vapi's call", apiKey });
    if (answer === null) return null;
    const known = one.safeParse(answer);
    if (!known.success) throw new ProviderApiError("Vapi's call", 200);
    return known.data;
  };
  return {
    async *calls(from, to) {
      // Newest first, and no cursor: the next page ends where this one began.
      let before = new Date(to).toISOString();
      for (;;) {
        const query = new URLSearchParams({
          createdAtGe: new Date(from).toISOString(),
          createdAtLt: before,
          limit: String(PAGE),
        });
        const answer = z.array(one).safeParse(
          await askApi({
            method: 'GET',
            url: `${url}/call?${query.toString()}`,
            name: "Vapi's list of calls",
            apiKey,
          }),
        );
        if (!answer.success) throw new ProviderApiError("Vapi's list of calls", 200);
        const calls = answer.data;
        yield calls.map(read);
        const oldest = calls.reduce((least, { createdAt }) => (createdAt < least ? createdAt : least), before);
        if (calls.length < PAGE || oldest === before) return;
        before = oldest;
      }
    },

    async call(callId) {
      const call = await get(callId);
      return call && read(call);
    },

    async endCall(callId) {
      const controlUrl = (await get(callId))?.monitor?.controlUrl;
      if (!controlUrl) throw new ProviderApiError("Vapi's control URL", null);
      if (!isVapis(controlUrl, url)) throw new ProviderApiError("Vapi's control URL, which is not Vapi's,", null);
      const body = { type: 'end-call' };
      // The control URL is the credential; Vapi's key has no business there.
      await askApi({ method: 'POST', url: controlUrl, name: "Vapi's end-call", apiKey: null, body });
    },
  };
}

/** A control URL is an address that somebody else tells us to call: only within Vapi, or where the API itself is. */
function isVapis(controlUrl: string, apiUrl: string): boolean {
  if (!URL.canParse(controlUrl)) return false;
  const { protocol, hostname, origin } = new URL(controlUrl);
  return origin === new URL(apiUrl).origin || (protocol === 'https:' && hostname.endsWith('.vapi.ai'));
}

/** The call object of the API holds what the report says beside it. */
function read(call: VapiCall): Parsed | LiveCall {
  const isEnded = call.status === 'ended' || call.status === 'not-found' || call.endedReason != null;
  const parsed = parseReport({ ...call, call, ...(!isEnded && { durationMs: 0 }) }, SOURCE_RANK.provider_api);
  if (isEnded || parsed.kind !== 'call') return parsed;
  const { callId, startedAt, clues } = parsed;
  return { kind: 'live', callId, startedAt, clues };
}
