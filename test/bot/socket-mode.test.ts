import { once, type EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createSlackApp, type SlackApp } from '../../bot/app';
import { singleWorkspace } from '../../bot/ports';
import { socketMode } from '../../bot/socket-mode';
import { botData } from '../../server/slack';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { World } from '../setup/world';
import { keepingLogger } from './samples';

/** What this test uses of `ws`, which comes without types. */
interface WebSocket extends EventEmitter {
  readonly readyState: number;
  send(text: string): void;
  close(code: number): void;
  terminate(): void;
}
interface WebSocketServer {
  readonly clients: ReadonlySet<WebSocket>;
  on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): void;
}
const { WebSocketServer } = createRequire(__filename)('ws') as {
  WebSocketServer: new (options: { server: Server }) => WebSocketServer;
};

/** Socket Mode against a small Slack: apps.connections.open, and the WebSocket that it names. */
const APP_TOKEN = 'xapp-1-A0TALK-s3cret-app-token';
const TICKET = 's3cret-ticket';

class SocketSlack {
  readonly answers: Record<string, unknown>[] = [];
  /** What apps.connections.open is answered with instead, one each. */
  readonly failures: (string | number)[] = [];
  opened = 0;
  private constructor(
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
    readonly origin: string,
  ) {}

  static async start(): Promise<SocketSlack> {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const slack = new SocketSlack(server, sockets, `127.0.0.1:${port}`);
    sockets.on('connection', (socket, request) => {
      if (!request.url?.includes(TICKET)) return socket.close(1008);
      return socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
    });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/response') {
          slack.answers.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
          return response.end('ok');
        }
        slack.opened += 1;
        const failure = slack.failures.shift();
        if (typeof failure === 'number') return response.writeHead(failure).end();
        const isOurs = request.headers.authorization === `Bearer ${APP_TOKEN}`;
        const refusal = failure ?? (isOurs ? undefined : 'invalid_auth');
        return response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(
            JSON.stringify(
              refusal ? { ok: false, error: refusal } : { ok: true, url: `ws://${slack.origin}/link?ticket=${TICKET}` },
            ),
          );
      });
    });
    return slack;
  }

  get connections(): WebSocket[] {
    return [...this.sockets.clients].filter(({ readyState }) => readyState === 1);
  }

  /** Sends a slash command over the connection; the acknowledgement that comes back. */
  async command(text: string): Promise<Record<string, unknown>> {
    const [socket] = this.connections;
    if (!socket) throw new Error('Nobody is connected');
    const acknowledged = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(
      JSON.stringify({
        envelope_id: 'e1',
        type: 'slash_commands',
        accepts_response_payload: true,
        payload: {
          command: '/credits',
          text,
          team_id: 'T0BRIGHT',
          user_id: 'U0MIA',
          channel_id: 'C0ALERTS',
          api_app_id: 'A0TALK',
          is_enterprise_install: 'false',
          response_url: `http://${this.origin}/response`,
          trigger_id: '1.2.3',
        },
      }),
    );
    const [message] = await acknowledged;
    return JSON.parse(message.toString()) as Record<string, unknown>;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

let slack: SocketSlack;
let logger: ReturnType<typeof keepingLogger>;
beforeEach(async () => {
  slack = await SocketSlack.start();
  logger = keepingLogger();
});
afterEach(() => slack.stop());

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 10_000) throw new Error('It did not come to that');
    await new Promise((tick) => setTimeout(tick, 10));
  }
}
const apiUrl = () => `http://${slack.origin}/api/`;

describe('the app with SLACK_APP_TOKEN', () => {
  let test: TestDatabase;
  let app: SlackApp;
  beforeAll(async () => void (test = await createTestDatabase()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    const world = await World.create(test);
    app = createSlackApp({
      signingSecret: '8f742231b10e8888abcd99yyyzzz85a5',
      installations: singleWorkspace('xoxb-test'),
      appToken: APP_TOKEN,
      data: botData(world.talktime),
      logger,
      apiUrl: apiUrl(),
      timeoutMs: 2_000,
    });
  });
  afterEach(() => app.stop());

  it('takes a command over the connection that it opened, acknowledges it, and answers', async () => {
    await app.start();
    expect(await slack.command('help')).toMatchObject({ envelope_id: 'e1', payload: {} });
    await until(() => slack.answers.length > 0);
    expect(slack.answers).toMatchObject([{ response_type: 'ephemeral' }]);
    expect(JSON.stringify(slack.answers)).toContain('/credits balance');
  });

  it('is not there for HTTP: 404', async () => {
    const server = createServer(app.listener);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/slack/events`, { method: 'POST' })).status).toBe(404);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('lets go of the connection when it is stopped', async () => {
    await app.start();
    await app.stop();
    await until(() => slack.connections.length === 0);
    expect(slack.opened).toBe(1);
  });

  it('tells neither its token nor the ticket in a log line', async () => {
    slack.failures.push('internal_error');
    await app.start();
    const log = inspect(logger.lines, { depth: 10 });
    expect(log).toContain('slack_not_connected');
    expect(log).not.toMatch(/s3cret/);
  });
});

describe('the connection', () => {
  const connect = () => socketMode({ appToken: APP_TOKEN, apiUrl: apiUrl(), timeoutMs: 2_000, firstPause: 20 }, logger);

  it('is made again when it breaks, and when Slack asks for it', async () => {
    const connection = connect();
    await connection.start();
    slack.connections[0]?.terminate();
    await until(() => slack.opened === 2 && slack.connections.length === 1);
    slack.connections[0]?.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    await until(() => slack.opened === 3 && slack.connections.length === 1);
    await connection.stop();
  });

  it.each([500, 429, 'invalid_auth', 'internal_error'])(
    'is tried for until it is there, whatever the answer (%s), and ends no process',
    async (failure) => {
      const unhandled = jest.fn();
      process.on('unhandledRejection', unhandled);
      slack.failures.push(failure, failure);
      const connection = connect();
      await connection.start();
      expect(slack.opened).toBe(3);
      slack.failures.push(failure, failure); // and again, when it breaks later
      slack.connections[0]?.terminate();
      await until(() => slack.opened === 6 && slack.connections.length === 1);
      await connection.stop();
      process.off('unhandledRejection', unhandled);
      expect(unhandled).not.toHaveBeenCalled();
    },
  );

  it('is given up at once when it is stopped while Slack is down', async () => {
    await slack.stop();
    const connection = socketMode({ appToken: APP_TOKEN, apiUrl: apiUrl(), firstPause: 60_000 }, logger);
    const started = connection.start();
    await until(() => logger.lines.some(({ fields }) => fields.event === 'slack_not_connected'));
    await connection.stop();
    await started;
    slack = await SocketSlack.start();
  });

  it('that was never begun is stopped without a sound', async () => {
    await connect().stop();
    expect(slack.opened).toBe(0);
  });
});
