import type { Readable } from 'node:stream';
import {
  adapterOf,
  asksTheGate,
  decideInbound,
  GateMemory,
  receiveDelivery,
  type Incoming,
  type Processed,
} from '@talktime/core/calls';
import { PROVIDERS, TalktimeError, type Provider } from '@talktime/core/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from './index';
import { nothing } from './queries';

/** Providers send transcripts along; more than this is none of theirs. */
const BODY_LIMIT = 10 * 1024 * 1024;
/** How much of a body is looked at to tell whether it is one that is never billed. */
const START_LENGTH = 512;
/**
 * How long an answer waits for the booking, so that who reads the balance after the answer sees the call. The shortest
 * deadline of a provider is 10 s; what takes longer goes on after the answer.
 */
const PATIENCE_MILLISECONDS = 2_000;

const NEVER_BILLED = Symbol('never billed');
/** Told by the handler: after an error of a parser the connection is cut, and the sender would not read why. */
const TOO_LARGE = Symbol('too large');
type Body = Buffer | typeof NEVER_BILLED | typeof TOO_LARGE;

const SIGNATURE_PROBLEMS = [
  'SIGNATURE_MISSING',
  'SIGNATURE_INVALID',
  'SIGNATURE_EXPIRED',
  'ENDPOINT_NOT_FOUND',
  'BODY_TOO_LARGE',
  'RATE_LIMITED',
  'INTERNAL',
] as const;

const params = z.object({ provider: z.enum(PROVIDERS), endpoint: z.string().min(1).max(100) });

export const hookRoutes: Routes = async (app, { talktime, metrics, limits, publicUrl }) => {
  // A signature is over the bytes as they came, so nothing here may parse them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) => readBody(request, payload));
  const memory = new GateMemory();
  const underWay = new Set<Promise<unknown>>();
  app.addHook('onClose', async () => void (await Promise.all(underWay)));

  app.post(
    '/hooks/:provider/:endpoint',
    {
      bodyLimit: BODY_LIMIT,
      config: {
        problems: SIGNATURE_PROBLEMS,
        rawBody: "The provider's webhook as it is sent, signed",
      },
      schema: {
        tags: ['Ingress'],
        operationId: 'receiveWebhook',
        summary: "A voice provider's webhooks",
        description:
          'Signed as the provider signs. Answers with the status that the provider wants as soon as the delivery is recorded: then it is booked, in suspense, ignored, or kept in the inbox until it can be read.',
        params,
        response: {
          200: z.unknown().meta({ description: 'Recorded; or the answer to a question that came to this address' }),
          204: nothing,
        },
      },
    },
    async (request, reply) => {
      const { provider, endpoint } = request.params;
      const { receivedStatus } = adapterOf(provider);
      const body = request.body as Body;
      if (body === NEVER_BILLED) return reply.code(receivedStatus).send();
      const incoming = incomingOf(request, provider, endpoint, body);
      // Vapi's assistant-request comes to the same address as its reports.
      if (
        provider === 'vapi' &&
        incoming.rawBody.includes('"assistant-request"') &&
        asksTheGate(provider, incoming.rawBody)
      )
        return decide(request, reply, incoming);
      await guarded(request, reply, async () => {
        const { processed } = await receiveDelivery(talktime, incoming);
        const counted = processed.then((outcome) => metrics.deductionAnswered('ingress', countedAs(outcome)));
        underWay.add(counted);
        void counted.finally(() => underWay.delete(counted));
        await withPatience(counted);
      });
      return reply.code(receivedStatus).send();
    },
  );

  app.post(
    '/hooks/:provider/:endpoint/inbound',
    {
      bodyLimit: BODY_LIMIT,
      config: {
        problems: [...SIGNATURE_PROBLEMS, 'PAYLOAD_UNREADABLE', 'ROUTE_NOT_FOUND'],
        rawBody: "The provider's question whether a call may begin, as it is sent",
      },
      schema: {
        tags: ['Ingress'],
        operationId: 'decideInbound',
        summary: 'May this call begin?',
        description:
          "Vapi's assistant-request, Retell's and Synthflow's inbound webhook, ElevenLabs' conversation initiation: answered in the provider's own form, with the longest that the balance covers, or refused in neutral words. What is allowed is held.",
        params,
        response: { 200: z.unknown().meta({ description: "The provider's own form" }) },
      },
    },
    async (request, reply) => {
      const { provider, endpoint } = request.params;
      const body = request.body as Body;
      return decide(request, reply, incomingOf(request, provider, endpoint, body === NEVER_BILLED ? undefined : body));
    },
  );

  async function decide(request: FastifyRequest, reply: FastifyReply, incoming: Incoming): Promise<FastifyReply> {
    const { answer, outcome, reason } = await guarded(request, reply, () => decideInbound(talktime, memory, incoming));
    metrics.gateAnswered(incoming.provider, outcome);
    // The reason names a customer's balance: it is not for a log that others read.
    if (outcome.endsWith('_on_failure')) request.log.warn({ outcome, reason }, 'the gate could not ask the ledger');
    return reply.code(answer.status).send(answer.body);
  }

  /** Counts those who guess. */
  async function guarded<T>(request: FastifyRequest, reply: FastifyReply, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TalktimeError && (error.status === 401 || error.code === 'ENDPOINT_NOT_FOUND')) {
        metrics.deductionAnswered('ingress', 'refused');
        await limits.refusal(request, reply);
      }
      throw error;
    }
  }

  function incomingOf(
    request: FastifyRequest,
    provider: Provider,
    endpointId: string,
    body: Body | undefined,
  ): Incoming {
    if (body === TOO_LARGE) throw tooLarge();
    return {
      provider,
      endpointId,
      headers: request.headers,
      rawBody: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
      url: publicUrl === undefined ? null : publicUrl + request.url, // to the letter: it may be signed
    };
  }
};

/** The body's bytes. One that is too large is refused as soon as that shows; one that is never billed is not taken in. */
async function readBody(request: FastifyRequest, payload: Readable): Promise<Body> {
  try {
    return await readWanted(request, payload);
  } finally {
    payload.resume(); // what is not wanted runs off, so that the sender can read its answer
  }
}

async function readWanted(request: FastifyRequest, payload: Readable): Promise<Body> {
  const read = params.safeParse(request.params);
  const adapter = read.success ? adapterOf(read.data.provider) : undefined;
  const looksAtStart = adapter?.isNeverBilled !== undefined;
  const announced = Number(request.headers['content-length'] ?? 0);
  if (!looksAtStart && announced > BODY_LIMIT) return TOO_LARGE;
  const chunks: Buffer[] = [];
  let length = 0;
  let looked = !looksAtStart;
  const startIsNeverBilled = () =>
    adapter?.isNeverBilled?.(Buffer.concat(chunks).toString('utf8', 0, START_LENGTH)) ?? false;
  for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (!looked && length >= START_LENGTH) {
      looked = true;
      if (startIsNeverBilled()) return NEVER_BILLED;
    }
    if (length > BODY_LIMIT || (looked && announced > BODY_LIMIT)) return TOO_LARGE;
  }
  return !looked && startIsNeverBilled() ? NEVER_BILLED : Buffer.concat(chunks);
}

function tooLarge(): TalktimeError {
  return new TalktimeError(
    'BODY_TOO_LARGE',
    'A webhook of more than 10 MB is not taken. Switch off what makes it so large (audio) at the provider.',
  );
}

async function withPatience(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((done) => (timer = setTimeout(done, PATIENCE_MILLISECONDS)));
  await Promise.race([work, enough]);
  clearTimeout(timer);
}

function countedAs({ state, replayed }: Processed) {
  if (replayed) return 'replayed';
  const outcomes = {
    booked: 'deducted',
    suspense: 'suspense',
    ignored: 'ignored',
    unreadable: 'unreadable',
    refused: 'refused',
    received: 'postponed',
  } as const;
  return outcomes[state];
}
