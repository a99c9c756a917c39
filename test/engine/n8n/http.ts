import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse as parseForm } from 'node:querystring';
import { parseIncomingMessage } from '@n8n/backend-network';

/** What somebody posts to a webhook. */
export interface Delivery {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** What a workflow answers. */
export interface Answer {
  readonly statusCode?: number;
  readonly body?: unknown;
}

/** As n8n's body parser leaves it: the bytes, and what they say by their content type. */
export async function readBody(request: IncomingMessage): Promise<{ rawBody: Buffer; body: unknown }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const rawBody = Buffer.concat(chunks);
  parseIncomingMessage(request);
  const { contentType } = request as IncomingMessage & { contentType?: string };
  const text = rawBody.toString('utf8');
  if (contentType === 'application/json') return { rawBody, body: JSON.parse(text) };
  if (contentType === 'application/x-www-form-urlencoded') return { rawBody, body: parseForm(text) };
  return { rawBody, body: {} };
}

/** As n8n's response helper writes it. */
export function answer(response: ServerResponse, { statusCode = 200, body }: Answer): void {
  if (typeof body === 'object') response.setHeader('content-type', 'application/json; charset=utf-8');
  response.writeHead(statusCode).end(typeof body === 'object' ? JSON.stringify(body) : body);
}
