import type { z } from 'zod';
import { PROVIDERS, type Authorization, type callAuthorize, type callExtend, type callRelease } from '../contract';
import { SHORTEST_CALL_SECONDS, type Actor, type Answered } from '../ledger';
import { identityOf, type Talktime } from './deduct';
import { NO_CLUES, normalizePhoneNumber } from './facts';
import { adapterOf } from './providers';

/** Asks whether a call may begin. Answers a cap in seconds, and holds its price; refused with a code when it may not. */
export async function authorizeCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof callAuthorize>,
): Promise<Authorization> {
  const clues = {
    ...NO_CLUES,
    agentId: body.agent_id ?? null,
    toNumber: body.phone_number ? normalizePhoneNumber(body.phone_number) : null,
  };
  const identity = await identityOf(talktime, partnerId, body);
  return authorizationOf(
    await talktime.ledger.submit(partnerId, {
      kind: 'authorize',
      actor,
      identity,
      clues,
      customerId: body.customer_id ?? null,
      minimumSeconds: body.minimum_seconds ?? shortestSeconds(body.provider),
    }),
  );
}

/** The shortest limit of a call's length that a provider takes: a balance for less could not be enforced (money-rules 6). */
function shortestSeconds(provider: string): number {
  const known = PROVIDERS.find((each) => each === provider);
  return Math.max(SHORTEST_CALL_SECONDS, (known && adapterOf(known).gate?.shortestSeconds) ?? 0);
}

/** Raises a live call's cap after a top-up. */
export async function extendCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof callExtend>,
  only: string | null = null,
): Promise<Authorization> {
  const identity = await identityOf(talktime, partnerId, body);
  return authorizationOf(
    await talktime.ledger.submit(partnerId, { kind: 'extend', actor, identity, only, toSeconds: body.to_seconds }),
  );
}

/** Gives back the hold of a call that never happened. */
export async function releaseCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof callRelease>,
  only: string | null = null,
): Promise<Authorization> {
  const identity = await identityOf(talktime, partnerId, body);
  return authorizationOf(
    await talktime.ledger.submit(partnerId, { kind: 'release', actor, identity, only, as: 'released' }),
  );
}

/** How long a hold stands when nothing is heard of its call (money-rules 7). */
const STALE_AFTER_HOURS = 24;

/** Ends the holds of which nothing was heard for a day. They still fix payer and rate of a late end, but promise no credits. Answers how many. */
export async function timeOutHolds(
  talktime: Pick<Talktime, 'database' | 'ledger'>,
  partnerId: string,
): Promise<number> {
  const stale = await talktime.database.asPartner(partnerId, (transaction) =>
    transaction.query<{ provider: string; account: string; provider_call_id: string; leg: string }>(
      `select provider, account, provider_call_id, leg
       from talktime.holds
       where partner_id = $1 and state = 'live' and authorized_at < talktime.clock() - make_interval(hours => $2)
       order by authorized_at
       limit 1000`,
      [partnerId, STALE_AFTER_HOURS],
    ),
  );
  const actor = { id: 'system:holds', host: false };
  const ended = await Promise.all(
    stale.map(({ provider_call_id: callId, ...identity }) =>
      talktime.ledger.submit(partnerId, {
        kind: 'release',
        actor,
        identity: { ...identity, callId },
        only: null,
        as: 'timed_out',
      }),
    ),
  );
  return ended.filter((each) => !each.replayed).length;
}

function authorizationOf({ result, replayed }: Answered): Authorization {
  if (!('hold' in result)) throw new Error('Expected an authorisation');
  return { ...result, replayed };
}
