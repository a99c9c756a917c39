/**
 * Slack, for a program that calls its fixed host: a proxy that takes connections to slack.com, speaks TLS with a certificate
 * of its own making, and hands the requests to a fake on loopback. Connections to anywhere else are refused.
 */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface SlackProxy {
  /** For HTTPS_PROXY. */
  readonly url: string;
  /** The certificate to be trusted, for NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  /** What somebody tried to reach besides Slack. */
  readonly refused: string[];
  close(): Promise<void>;
}

export async function startSlackProxy(fakeOrigin: string, folder: string): Promise<SlackProxy> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'slack.com' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'slack.com' }] },
    ],
  });
  const certificateFile = join(folder, 'slack-certificate.pem');
  writeFileSync(certificateFile, cert);

  const tls = createTlsServer({ key, cert }, (incoming, outgoing) => {
    const target = new URL(incoming.url ?? '/', fakeOrigin);
    const forwarded = httpRequest(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  const refused: string[] = [];
  const proxy = createServer((_request, response) => void response.writeHead(502).end());
  const sockets = new Set<Socket>();
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  proxy.on('connect', (request, socket: Socket, head) => {
    socket.on('error', () => socket.destroy());
    if (request.url !== 'slack.com:443') {
      refused.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    tls.emit('connection', socket);
  });
  proxy.listen(0, '127.0.0.1');
  await new Promise((listening) => proxy.once('listening', listening));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    certificateFile,
    refused,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => proxy.close(closed));
    },
  };
}
