/**
 * A language model's HTTP API (OpenAI's chat completions) on loopback. It has no wit: it calls the tool that it is given for
 * balances, and then says what the tool answered. What it was sent is kept.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content?: unknown;
  readonly tool_call_id?: string;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly {
    readonly function: { readonly name: string; readonly description: string; readonly parameters: object };
  }[];
}

export interface ModelApi {
  /** The base URL for the credential. */
  readonly url: string;
  readonly requests: ChatRequest[];
  close(): Promise<void>;
}

export const MODEL_KEY = 'model-key-of-the-test';

export async function startModelApi(): Promise<ModelApi> {
  const requests: ChatRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const answer = (status: number, body: object) =>
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (incoming.headers.authorization !== `Bearer ${MODEL_KEY}`)
      return answer(401, { error: { message: 'Incorrect API key provided', type: 'invalid_request_error' } });
    if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions')
      return answer(404, { error: { message: `Unknown request ${incoming.method} ${incoming.url}` } });
    const request = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
    requests.push(request);
    const message = reply(request);
    answer(200, {
      id: `chatcmpl-${requests.length}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1000),
      model: request.model,
      choices: [{ index: 0, message, finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function reply({ messages, tools = [] }: ChatRequest): object {
  const last = messages.at(-1);
  if (last?.role === 'tool') return { role: 'assistant', content: `The tool says: ${String(last.content)}` };
  const tool = tools.find(({ function: { name } }) => /minutes/i.test(name));
  if (!tool) return { role: 'assistant', content: 'I have no tool for that.' };
  // It tries to ask for somebody else: the workflow must not let it.
  const call = { name: tool.function.name, arguments: JSON.stringify({ customer: 'cus_cora', input: 'cus_cora' }) };
  return { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call }] };
}
