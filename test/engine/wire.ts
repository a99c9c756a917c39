import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/**
 * What happens to a request on its way:
 * - `before`: it never arrives
 * - `after`: Talktime has done what was asked, and its answer never arrives
 */
export type Loss = 'before' | 'after';

/** Stands between n8n and the service: counts what is asked, and on demand loses it, as networks do. */
export class Wire {
  /** "POST /v1/deductions", in the order in which they were asked. */
  requests: string[] = [];
  private losing: { request: string; loss: Loss; times: number } | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async to(target: string): Promise<Wire> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire(server, new URL(target));
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => wire.pass(incoming, outgoing));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Loses the next requests of this kind, such as "POST /v1/deductions". */
  lose(request: string, loss: Loss, times = Infinity): void {
    this.losing = { request, loss, times };
  }

  /** Everything arrives again. Starts to count anew. */
  mend(): void {
    this.losing = undefined;
    this.requests = [];
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const name = `${method} ${path.split('?')[0]}`;
    this.requests.push(name);
    const loss = this.lossOf(name);
    if (loss === 'before') return void incoming.socket.destroy();
    const { hostname, port } = this.target;
    const onward = ask({ hostname, port, path, method, headers }, (answer) => {
      if (loss === 'after') {
        answer.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  private lossOf(name: string): Loss | undefined {
    if (this.losing?.request !== name || this.losing.times === 0) return undefined;
    this.losing.times -= 1;
    return this.losing.loss;
  }
}
