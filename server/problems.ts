import { ERRORS, TalktimeError, type ErrorCode, type Problem } from '@talktime/core/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, type ZodFastifySchemaValidationError } from 'fastify-type-provider-zod';
import type { Metrics } from './metrics';

type FieldError = NonNullable<Problem['errors']>[number];

/** The address that names a code, as RFC 9457 wants it: a stable identifier, and where the code is explained. */
export function problemType(code: ErrorCode): string {
  return `https://talktime.dev/errors/${code.toLowerCase().replaceAll('_', '-')}`;
}

export function problemOf(error: TalktimeError): Problem {
  const { code, title, status, detail, errors } = error;
  return { type: problemType(code), title, status, code, detail, ...(errors?.length ? { errors } : {}) };
}

/** Answers every error as problem+json. What nobody expected is logged and told apart by the request's id alone. */
export function answerWithProblems(app: FastifyInstance, metrics: Metrics): void {
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const refusal = refusalOf(thrown);
    if (!refusal) request.log.error({ err: thrown }, 'request failed');
    const error =
      refusal ??
      new TalktimeError(
        'INTERNAL',
        `It was logged under the request id ${request.id}. Try again with the same idempotency key: nothing happens twice.`,
      );
    metrics.refused(error.code);
    if (error.code === 'OVERLOADED') request.log.warn({ err: thrown }, 'the database does not answer');
    return sendProblem(request, reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    metrics.refused('ROUTE_NOT_FOUND');
    return sendProblem(
      request,
      reply,
      new TalktimeError('ROUTE_NOT_FOUND', 'Nothing answers this method at this address. /docs shows what there is.'),
    );
  });
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: TalktimeError): FastifyReply {
  if (error.status === 401 && request.routeOptions.config.access)
    reply.header('www-authenticate', 'Bearer realm="talktime"');
  if (error.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', '2');
  return reply
    .code(error.status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problemOf(error))));
}

/** The refusal that an error stands for; undefined when it is a fault of ours. */
function refusalOf(thrown: unknown): TalktimeError | undefined {
  if (thrown instanceof TalktimeError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidRequest(thrown.validation);
  if (databaseIsAway(thrown)) {
    return new TalktimeError(
      'OVERLOADED',
      'The database does not answer right now. Try again with the same idempotency key: nothing happens twice.',
    );
  }
  const { code = '', statusCode } = thrown as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new TalktimeError(
      'BODY_TOO_LARGE',
      'Nothing was read of it. The limits are 1 MB for the API, 2 MB for a batch, and 10 MB for webhooks.',
    );
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new TalktimeError('REQUEST_INVALID', 'Send JSON, with the header "content-type: application/json".');
  if (code.startsWith('FST_ERR_CTP_') || thrown instanceof SyntaxError) {
    return new TalktimeError(
      'REQUEST_INVALID',
      'The body is not JSON that can be read. Check quotes, commas and that it is complete.',
    );
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new TalktimeError('REQUEST_INVALID', 'The request could not be read.');
  return undefined;
}

/** SQLSTATE classes and socket errors that say that Postgres is away, starting, stopping or full. */
const AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08...|57P0[123]|53300)$/;

export function databaseIsAway(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (
    AWAY.test((thrown as NodeJS.ErrnoException).code ?? '') ||
    /timeout exceeded when trying to connect|Connection terminated/.test(thrown.message)
  );
}

/** The refusal of a value that a schema does not let through. */
export function refusedBySchema(issues: readonly Issue[]): TalktimeError {
  return invalidFields(issues.flatMap((issue) => fieldErrors(issue)));
}

function invalidRequest(issues: readonly ZodFastifySchemaValidationError[]): TalktimeError {
  return invalidFields(
    issues.flatMap((issue) =>
      fieldErrors({
        ...issue.params,
        code: issue.keyword,
        path: issue.instancePath.split('/').slice(1),
        message: issue.message ?? '',
      }),
    ),
  );
}

function invalidFields(errors: readonly FieldError[]): TalktimeError {
  const [first] = errors;
  const told = first && (first.path ? `"${first.path}": ${first.message}` : first.message);
  return new TalktimeError('REQUEST_INVALID', `${told ?? 'See /docs for the documented form'}.`, errors.slice(0, 50));
}

/** An issue as zod reports it, of which only these parts are read. */
interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly discriminator?: unknown;
  readonly options?: unknown;
  readonly errors?: unknown;
}

/** What is wrong with which field. Of a union, the branch that came nearest is told. */
function fieldErrors(issue: Issue, under: readonly PropertyKey[] = []): FieldError[] {
  const path = [...under, ...issue.path].filter((part) => part !== '');
  if (issue.code === 'invalid_union') {
    const branches = (issue.errors as Issue[][] | undefined)?.filter((branch) => branch.length > 0) ?? [];
    const nearest = branches.toSorted((a, b) => distance(a) - distance(b))[0];
    if (nearest) return nearest.flatMap((inner) => fieldErrors(inner, path));
    if (issue.discriminator !== undefined) {
      const allowed = Array.isArray(issue.options) ? issue.options.join(', ') : 'the documented values';
      return [{ path: path.join('.'), message: `Use one of: ${allowed}` }];
    }
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ path: path.join('.'), message: missing ? 'is missing' : issue.message }];
}

/** A branch whose whole type is wrong is further away than one with a wrong or unknown field. */
function distance(branch: readonly Issue[]): number {
  return branch.length + (branch.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type') ? 100 : 0);
}

/** All codes, for the documentation. */
export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];
