import type { z } from 'zod';
import { USUAL_REFUSAL, type Provider, type webhookGate } from '../contract';
import { SHORTEST_CALL_SECONDS } from '../ledger';
import { TalktimeError, type ErrorCode } from '../contract/errors';
import { gatePolicies, type GatePolicy } from '../customers/mappings';
import type { Talktime } from './deduct';
import { accountOfEndpoint, partnerOfEndpoint, type ProviderAccount } from './endpoints';
import { NO_CLUES, type CallClues, type CallIdentity } from './facts';
import type { Incoming } from './ingress';
import {
  adapterOf,
  normalizeHeaders,
  recognise,
  type GateAdapter,
  type GateAnswer,
  type GateRequest,
  type ProviderAdapter,
} from './providers';
import { decoded, readPassedOn, signingAccount } from './webhook';

/** How long the ledger has to decide: Vapi hangs up after 7.5 seconds, the way to us and back included. */
const PATIENCE_MILLISECONDS = 3_000;

/** Refusals that are an answer of the ledger: everything else is a failure to answer. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'INSUFFICIENT_CREDITS',
  'CONCURRENT_CALLS_LIMIT',
  'SPEND_LIMIT',
  'DISPUTE_OPEN',
  'RATE_REQUIRED',
  'CALL_ENDED',
  'HOLD_ENDED',
]);

export interface GateDecision {
  readonly provider: Provider;
  readonly answer: GateAnswer;
  readonly outcome: 'allowed' | 'refused' | 'allowed_on_failure' | 'refused_on_failure';
  /** Why it was refused: for the log, never for the caller. */
  readonly reason: string | null;
  /** The stable code of the ledger's refusal. */
  readonly code: ErrorCode | null;
  /** The longest that the call may last; null when it was refused. */
  readonly capSeconds: number | null;
}

/** What the gate goes by besides the ledger. */
interface Knowledge {
  readonly partnerId: string;
  readonly account: ProviderAccount;
  readonly refusalMessage: string;
}

const FRESH_MILLISECONDS = 10_000;
const POLICY_FRESH_MILLISECONDS = 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * What the gate has learnt of endpoints and customers. Endpoints are read anew every 10 seconds, which keeps two round
 * trips out of a call's way; the rest is for when the database cannot be asked at all (a customer's setting `open`).
 */
export class GateMemory {
  readonly #endpoints = new Map<string, { readonly knowledge: Knowledge; readonly at: number }>();
  readonly #policies = new Map<string, { readonly policy: GatePolicy; readonly at: number }>();

  async knowledge(talktime: Talktime, provider: string, endpointId: string, now: number): Promise<Knowledge> {
    const key = `${provider} ${endpointId}`;
    const known = this.#endpoints.get(key);
    if (known && now - known.at < FRESH_MILLISECONDS) return known.knowledge;
    try {
      const knowledge = await readKnowledge(talktime, provider, endpointId);
      keep(this.#endpoints, key, { knowledge, at: now });
      return knowledge;
    } catch (error) {
      if (error instanceof TalktimeError || !known) throw error;
      return known.knowledge; // the database cannot be asked; what was true a while ago still tells whose call it is
    }
  }

  /** The policy of the one customer that a call points to, as far as it is known. */
  policy(partnerId: string, clues: CallClues): GatePolicy | undefined {
    return this.#policies.get(policyKey(partnerId, clues))?.policy;
  }

  /** Reads the policy for the next failure, beside the decision and never in its way. */
  async learnPolicy({ database }: Talktime, partnerId: string, clues: CallClues, now: number): Promise<void> {
    const key = policyKey(partnerId, clues);
    const known = this.#policies.get(key);
    if (known && now - known.at < POLICY_FRESH_MILLISECONDS) return;
    const [only, ...others] = await gatePolicies(database, partnerId, clues);
    if (only && others.length === 0) keep(this.#policies, key, { policy: only, at: now });
    else this.#policies.delete(key);
  }
}

const policyKey = (partnerId: string, { agentId, toNumber }: CallClues) =>
  `${partnerId} ${agentId ?? ''} ${toNumber ?? ''}`;

/** The oldest go first when there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}

/** Whether a provider asks here, rather than reports: Vapi sends both to one address. */
export function asksTheGate(provider: string, rawBody: Buffer): boolean {
  const adapter = adapterOf(provider);
  return adapter.gate?.read(decoded(adapter, rawBody)) != null;
}

/**
 * Decides whether an incoming call may begin, and answers in the provider's own form: with a cap of its length that the
 * balance covers, which is held; or with the partner's neutral refusal. Asked again for the same call, it answers the same.
 * @throws TalktimeError when the address or the signature is wrong, or the body asks nothing.
 */
export async function decideInbound(talktime: Talktime, memory: GateMemory, incoming: Incoming): Promise<GateDecision> {
  const adapter = adapterOf(incoming.provider);
  const gate = gateOf(adapter);
  const now = Date.now();
  const knowledge = await memory.knowledge(talktime, incoming.provider, incoming.endpointId, now);
  const delivery = { rawBody: incoming.rawBody, headers: normalizeHeaders(incoming.headers), url: incoming.url };
  const verification = (gate.verify ?? adapter.verify)(delivery, { ...knowledge.account, now, checkAge: true });
  if (!verification.ok) throw new TalktimeError(verification.code, verification.detail);
  return answerQuestion(talktime, memory, knowledge, adapter, gate, incoming.rawBody);
}

/** The same for a question that is passed on by API key: signed by one of the partner's accounts, at any time (see webhook.ts). */
export async function decidePassedOn(
  talktime: Talktime,
  memory: GateMemory,
  partnerId: string,
  body: z.output<typeof webhookGate>,
): Promise<GateDecision> {
  const delivery = readPassedOn(body);
  const adapter = body.provider === undefined ? recognise(delivery.headers) : adapterOf(body.provider);
  const gate = gateOf(adapter);
  const account = await signingAccount(talktime, partnerId, adapter, delivery, (...given) =>
    (gate.verify ?? adapter.verify)(...given),
  );
  const knowledge = { partnerId, account, refusalMessage: await refusalMessageOf(talktime, partnerId) };
  return answerQuestion(talktime, memory, knowledge, adapter, gate, delivery.rawBody);
}

function gateOf({ provider, gate }: ProviderAdapter): GateAdapter {
  if (gate) return gate;
  throw new TalktimeError(
    'ROUTE_NOT_FOUND',
    `${provider} asks nobody before a call. Authorise its calls with POST /v1/calls/authorize.`,
  );
}

async function answerQuestion(
  talktime: Talktime,
  memory: GateMemory,
  knowledge: Knowledge,
  adapter: ProviderAdapter,
  gate: GateAdapter,
  rawBody: Buffer,
): Promise<GateDecision> {
  const { account } = knowledge;
  const request = gate.read(decoded(adapter, rawBody));
  if (!request)
    throw new TalktimeError('PAYLOAD_UNREADABLE', `This is no question of ${adapter.provider} about a call.`);

  const agentId = agentFor(account, request);
  const refuse = (
    reason: string,
    code: ErrorCode | null = null,
    outcome: GateDecision['outcome'] = 'refused',
  ): GateDecision => ({
    provider: adapter.provider,
    answer: gate.refuse(knowledge.refusalMessage),
    outcome,
    reason,
    code,
    capSeconds: null,
  });
  if (gate.needsAgent && agentId === null)
    return refuse('No agent is set for this number. Set "gate" of the endpoint.');
  const clues: CallClues = {
    ...NO_CLUES,
    agentId,
    fromNumber: request.fromNumber,
    toNumber: request.toNumber,
    direction: 'inbound',
  };
  const allow = (covered: number, outcome: GateDecision['outcome'] = 'allowed'): GateDecision => {
    const capSeconds = Math.min(Math.max(covered, gate.shortestSeconds), gate.longestSeconds);
    return {
      provider: adapter.provider,
      answer: gate.allow({ agentId, capSeconds }),
      outcome,
      reason: null,
      code: null,
      capSeconds,
    };
  };

  const deciding = decide(talktime, memory, knowledge, gate, request, clues);
  try {
    return allow(await within(deciding, PATIENCE_MILLISECONDS));
  } catch (error) {
    if (error instanceof TalktimeError && REFUSALS.has(error.code)) return refuse(error.detail, error.code);
    if (error instanceof TalktimeError && error.code === 'CALL_UNMATCHED')
      return account.settings.gate?.unmatched === 'allow'
        ? allow(gate.longestSeconds)
        : refuse(error.detail, error.code);
    const policy = memory.policy(knowledge.partnerId, clues);
    const reason = error instanceof Error ? error.message : String(error);
    if (policy?.failure === 'open') return allow(policy.maxCallSeconds, 'allowed_on_failure');
    void deciding.then(() => letGo(talktime, knowledge, request)).catch(() => undefined); // a hold that came too late serves nobody
    return refuse(reason, null, 'refused_on_failure');
  }
}

/** The seconds that the balance covers, held when the call has an id. */
async function decide(
  talktime: Talktime,
  memory: GateMemory,
  { partnerId, account }: Knowledge,
  gate: GateAdapter,
  request: GateRequest,
  clues: CallClues,
): Promise<number> {
  memory.learnPolicy(talktime, partnerId, clues, Date.now()).catch(() => undefined); // the decision's own failure tells
  const command = {
    kind: 'authorize' as const,
    actor: { id: `endpoint:${account.endpointId}`, host: false },
    identity: identityOf(account, request.callId ?? 'unknown'),
    clues,
    customerId: null,
    minimumSeconds: Math.max(SHORTEST_CALL_SECONDS, gate.shortestSeconds),
  };
  if (request.callId !== null) return capOf((await talktime.ledger.submit(partnerId, command)).result);
  const [outcome] = await talktime.ledger.preview(partnerId, [command]);
  if (!outcome!.ok) throw outcome!.error;
  return capOf(outcome!.result);
}

function capOf(result: object): number {
  if (!('hold' in result)) throw new Error('Expected an authorisation');
  return (result as { hold: { cap_seconds: number } }).hold.cap_seconds;
}

async function letGo(talktime: Talktime, { partnerId, account }: Knowledge, { callId }: GateRequest): Promise<void> {
  if (callId === null) return;
  const actor = { id: `endpoint:${account.endpointId}`, host: false };
  const identity = identityOf(account, callId);
  await talktime.ledger.submit(partnerId, { kind: 'release', actor, identity, only: null, as: 'released' });
}

const identityOf = ({ provider, account }: ProviderAccount, callId: string): CallIdentity => ({
  provider,
  account,
  callId,
  leg: '',
});

/** Ours for the number that is called, else ours for all, else the provider's own. */
function agentFor({ settings }: ProviderAccount, request: GateRequest): string | null {
  const byNumber = request.toNumber === null ? undefined : settings.gate?.agents?.[request.toNumber];
  return byNumber ?? settings.gate?.agent_id ?? request.agentId;
}

async function readKnowledge(talktime: Talktime, provider: string, endpointId: string): Promise<Knowledge> {
  const partnerId = await partnerOfEndpoint(talktime.database, provider, endpointId);
  const [account, refusalMessage] = await Promise.all([
    accountOfEndpoint(talktime, partnerId, provider, endpointId),
    refusalMessageOf(talktime, partnerId),
  ]);
  return { partnerId, account, refusalMessage };
}

async function refusalMessageOf({ database }: Talktime, partnerId: string): Promise<string> {
  const [partner] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ call_refusal_message: string | null }>(
      'select call_refusal_message from talktime.partners where partner_id = $1',
      [partnerId],
    ),
  );
  return partner?.call_refusal_message ?? USUAL_REFUSAL;
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The ledger did not answer within ${milliseconds} ms.`)), milliseconds);
  });
  try {
    return await Promise.race([work, enough]);
  } finally {
    clearTimeout(timer);
  }
}
