import * as contract from '@talktime/core/contract';
import { ERRORS, type ErrorCode, type Scope } from '@talktime/core/contract';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Access } from './access';
import { serveDocsPage } from './docs-page';
import { problemType } from './problems';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The refusals that belong to this route; those that any route can have are added. */
    problems?: readonly ErrorCode[];
    /** What the API page shows as a body to send. */
    example?: unknown;
    /** The API page's words for a body that no schema describes. */
    rawBody?: string;
  }
}

/** Schemas that the document names, so that generated clients get types with names. */
const NAMED = {
  ApiKey: contract.apiKey,
  ApiKeyCreated: contract.apiKeyCreated,
  Balance: contract.balance,
  Customer: contract.customer,
  DeductionResult: contract.deductionResult,
  Diagnosis: contract.diagnosis,
  Endpoint: contract.endpoint,
  Finding: contract.finding,
  Mapping: contract.mapping,
  Operation: contract.operation,
  Partner: contract.partner,
  Plan: contract.plan,
  Problem: contract.problem,
  RateVersion: contract.rateVersion,
  Receipt: contract.receipt,
  Settings: contract.settings,
  Statement: contract.statement,
  SlackChannelLink: contract.slackChannelLink,
  SlackInstallation: contract.slackInstallation,
  SlackRole: contract.slackRole,
  SlackSettings: contract.slackSettings,
  StatementLine: contract.statementLine,
  SuspendedCall: contract.suspendedCall,
  Threshold: contract.threshold,
  WhoAmI: contract.whoAmI,
} as const;

for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });

const TAGS = [
  { name: 'Credits', description: 'Deduct, add, correct and look at credits' },
  { name: 'Customers', description: 'Who takes the calls: settings, and what identifies their calls' },
  { name: 'Calls', description: 'Calls that match nobody, or were charged to the wrong customer' },
  { name: 'Plans', description: 'What is sold: packs of credits or minutes' },
  { name: 'Webhooks', description: 'Being told of what happens, by signed requests to an address of yours' },
  { name: 'Slack', description: "Who may do what in Slack, customers' channels, and where the app is installed" },
  { name: 'Partner', description: "The partner's own settings, keys and webhook endpoints" },
  { name: 'Host', description: 'For who runs Talktime' },
  { name: 'Reports', description: 'What calls came to' },
  { name: 'Ingress', description: 'Where voice providers send their webhooks' },
  { name: 'Service', description: 'Health and figures' },
];

const DESCRIPTION = `Prepaid credits for agencies that resell AI voice agents.

**Keys.** Send an API key as \`Authorization: Bearer tt_…\`. A key has scopes; each operation below says which it needs. A host's key
says in the header \`Talktime-Partner\` which partner it acts for.

**Once.** Whatever changes a balance carries an \`idempotency_key\` (or, for calls, the provider's call id). Send the same again and
the first answer comes back with \`replayed: true\`; send something else under the same key and it is refused with IDEMPOTENCY_CONFLICT.

**Numbers.** Send amounts as text ("12.2") or numbers, with at most 6 decimals. Answers carry them as JSON numbers, exact to the
microcredit.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\` and a \`detail\` that says what to do next.`;

const COMMON: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'UNAUTHENTICATED',
  'SCOPE_MISSING',
  'RATE_LIMITED',
  'INTERNAL',
  'OVERLOADED',
];

/** What a route adds to its operation in the document. */
interface Notes {
  readonly access?: Access;
  readonly problems: readonly ErrorCode[];
  readonly example?: unknown;
  readonly rawBody?: string;
}

type Json = Record<string, unknown>;
interface Operation extends Json {
  operationId?: string;
  description?: string;
  parameters?: Json[];
  requestBody?: { content: Record<string, Json> };
  responses: Record<string, Json>;
}

/**
 * Makes /openapi.json and /docs from the routes that are registered after this. The schemas are the ones that requests
 * and answers are checked with; scopes, headers, refusals and examples come from the routes' `config`.
 */
export async function describeApi(app: FastifyInstance, publicUrl: string | undefined): Promise<void> {
  const notes = new Map<string, Notes>();
  app.addHook('onRoute', ({ schema, config }) => {
    const operationId = (schema as { operationId?: string } | undefined)?.operationId;
    if (!operationId) return;
    const { access, problems = [], example, rawBody } = config ?? {};
    notes.set(operationId, { access, problems, example, rawBody });
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Talktime', version: '1', description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      ...(publicUrl ? { servers: [{ url: publicUrl }] } : {}),
      tags: TAGS,
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, tt_…' } },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (input) => {
      const document = jsonSchemaTransformObject(input) as unknown as {
        paths?: Record<string, Record<string, Operation>>;
        components: { schemas: Json };
      };
      for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
        annotate(operation, notes.get(operation.operationId ?? '') ?? { problems: [] });
      }
      dropUnused(document);
      return document as never;
    },
  });
  serveDocsPage(app);
  app.get('/openapi.json', { schema: { hide: true } as object }, async () => app.swagger());
}

function annotate(operation: Operation, { access, problems, example, rawBody }: Notes): void {
  if (rawBody)
    operation.requestBody = { content: { 'application/json': { schema: { type: 'object', description: rawBody } } } };
  const body = operation.requestBody?.content['application/json'];
  if (body && example !== undefined) body.example = example;
  if (access) {
    operation.security = [{ apiKey: [] }];
    operation.description = [operation.description, scopeSentence(access.scope)].filter(Boolean).join('\n\n');
    if (access.tenancy !== 'host') (operation.parameters ??= []).push(partnerHeader(access.tenancy === 'partner'));
  } else {
    operation.security = [];
  }
  const codes = new Set<ErrorCode>([...problems, ...(access ? COMMON : [])]);
  if (access?.tenancy === 'partner') codes.add('PARTNER_REQUIRED').add('PARTNER_NOT_FOUND');
  for (const [status, ofStatus] of groupByStatus(codes)) operation.responses[status] = problemResponse(ofStatus);
}

function scopeSentence(scope: Scope | 'any'): string {
  return scope === 'any' ? 'Needs a valid key, of any scope.' : `Needs the scope \`${scope}\`.`;
}

function partnerHeader(usual: boolean): Json {
  return {
    in: 'header',
    name: 'Talktime-Partner',
    required: false,
    schema: { type: 'string', format: 'uuid' },
    description: usual
      ? 'Host keys only, and required of them: the partner to act for.'
      : 'Host keys only: the partner to act for; left out, the host itself.',
  };
}

function groupByStatus(codes: ReadonlySet<ErrorCode>): Map<number, ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const [status] = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

function problemResponse(codes: readonly ErrorCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code][1]}`).join('; '),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(
          codes.map((code) => {
            const [status, title] = ERRORS[code];
            return [
              code,
              {
                value: { type: problemType(code), title, status, code, detail: 'What happened, and what to do next.' },
              },
            ];
          }),
        ),
      },
    },
  };
}

/** Named schemas are made for requests and answers alike; the document keeps those that something refers to. */
function dropUnused(document: { paths?: unknown; components: { schemas: Json } }): void {
  for (;;) {
    const { schemas } = document.components;
    const unused = Object.keys(schemas).filter((name) => {
      const reference = `"#/components/schemas/${name}"`;
      return !JSON.stringify([document.paths, Object.entries(schemas).filter(([other]) => other !== name)]).includes(
        reference,
      );
    });
    if (unused.length === 0) return;
    for (const name of unused) delete schemas[name];
  }
}
