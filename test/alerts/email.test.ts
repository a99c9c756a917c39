import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createEmailAlertChannel, type AlertDelivery } from '@talktime/core/alerts';
import { SMTPServer } from 'smtp-server';
import { delivery, entry, notice } from '../bot/samples';

interface Mail {
  readonly to: string[];
  readonly raw: string;
}

/** A mail server on loopback that takes what it is sent, or answers by script. */
class MailServer {
  readonly mails: Mail[] = [];
  refuseRecipient: number | null = null;
  refuseContent: number | null = null;
  cutAfterContent = false;
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      closeTimeout: 100,
      onRcptTo: (_address, _session, done) => done(refusal(this.refuseRecipient)),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          if (this.refuseContent !== null) return done(refusal(this.refuseContent));
          this.mails.push({
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString('utf8'),
          });
          if (this.cutAfterContent) return this.cut();
          done();
        });
      },
    });
    this.#server.on('error', () => undefined); // connections that a test cuts
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    const listening = server.#server.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const connection of this.#server.connections as unknown as Set<{ _socket: { destroy(): void } }>)
      connection._socket.destroy();
  }

  stop(): Promise<void> {
    return new Promise((stopped) => this.#server.close(() => stopped()));
  }
}

function refusal(code: number | null): Error | null {
  return code === null ? null : Object.assign(new Error('No'), { responseCode: code });
}

/** Soft line breaks of quoted-printable, undone as far as these tests read. */
const readable = (raw: string) => raw.replace(/=\r\n/g, '').replace(/=3D/g, '=').replace(/\r\n/g, '\n');
const header = (raw: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\\n[ \\t].*)*)`, 'im').exec(readable(raw))?.[1]?.replace(/\n\s+/g, ' ');

let server: MailServer;
beforeEach(async () => void (server = await MailServer.start()));
afterEach(() => server.stop());

const ROUTE = { kind: 'email', address: 'ops@bright.example' } as const;
const channel = (url = server.url) =>
  createEmailAlertChannel({ url, from: 'Talktime <alerts@talktime.example>', timeoutMs: 2_000 });
const mail = (changes: Partial<AlertDelivery> = {}) => delivery(notice('low', '98'), { route: ROUTE, ...changes });

describe('an alert by e-mail', () => {
  it("has the partner's figures, in text and in HTML", async () => {
    const outcome = await channel().deliver(mail());
    expect(outcome).toEqual({
      kind: 'delivered',
      message: { channel: 'email', ts: '<talktime.msg_1.1@talktime.example>' },
    });
    const [sent] = server.mails;
    expect(sent!.to).toEqual(['ops@bright.example']);
    expect(header(sent!.raw, 'Subject')).toBe('Acme Dental: low on credits');
    expect(header(sent!.raw, 'From')).toBe('Talktime <alerts@talktime.example>');
    expect(header(sent!.raw, 'Message-ID')).toBe('<talktime.msg_1.1@talktime.example>');
    const body = readable(sent!.raw);
    expect(body).toContain('multipart/alternative');
    expect(body).toContain('Balance: 98 credits ($0.98)');
    expect(body).toContain('<p>Acme Dental: low on credits.</p>');
  });

  it('continues the conversation that the first began', async () => {
    const alerts = channel();
    const first = await alerts.deliver(mail());
    const previous = first.kind === 'delivered' ? first.message : null;
    const second = await alerts.deliver(
      delivery(notice('exhausted', '-2'), {
        route: ROUTE,
        version: 2,
        previous,
        thread: { entries: [entry('critical', '20'), entry('exhausted', '-2')], broadcast: true },
      }),
    );
    expect(second).toEqual(first);
    const { raw } = server.mails[1]!;
    expect(header(raw, 'Message-ID')).toBe('<talktime.msg_1.2@talktime.example>');
    expect(header(raw, 'In-Reply-To')).toBe('<talktime.msg_1.1@talktime.example>');
    expect(header(raw, 'References')).toBe('<talktime.msg_1.1@talktime.example>');
    expect(readable(raw)).toContain('2026-11-22 16:05 UTC: very low on credits, 20 credits');
  });

  it('says nothing of rates, balances, minutes and money to a customer whose prices are hidden (money-rules 21)', async () => {
    await channel().deliver(mail({ audience: 'customer' }));
    const { raw } = server.mails[0]!;
    const said = readable(raw).slice(readable(raw).indexOf('MIME-Version'));
    expect(said).toContain('credits are low');
    expect(said).toContain('Please top up');
    expect(said.replace(/20\d\d-\d\d-\d\d \d\d:\d\d/g, '')).not.toMatch(/98|\$|\bmin\b|100/);
    await channel().deliver(
      mail({ audience: 'customer', content: { kind: 'episode', notice: notice('low', '98', { showsPricing: true }) } }),
    );
    expect(readable(server.mails[1]!.raw)).toContain('Balance: 98 credits ($0.98)');
  });

  it('lets nothing that was typed become a header or markup', async () => {
    const name = 'Acme\r\nBcc: everyone@evil.example\r\n\r\n<script>alert(1)</script> & "Co"';
    await channel().deliver(
      mail({ content: { kind: 'episode', notice: notice('recharge_failed', '40', { name, detail: '<b>no</b>' }) } }),
    );
    const { raw, to } = server.mails[0]!;
    expect(to).toEqual(['ops@bright.example']);
    expect(raw).not.toMatch(/^Bcc:/im);
    const html = readable(raw).slice(readable(raw).indexOf('<!doctype'));
    expect(html).not.toMatch(/<script|<b>/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;');
  });

  it('tells of several together, of a dead route and of a test', async () => {
    const alerts = channel();
    const notices = [notice('low', '98'), notice('exhausted', '-2', { name: 'Harbor' })];
    await alerts.deliver(mail({ content: { kind: 'digest', notices } }));
    await alerts.deliver(mail({ content: { kind: 'digest', notices }, audience: 'customer' }));
    await alerts.deliver(
      mail({
        content: {
          kind: 'route_dead',
          dead: { route: ROUTE, audience: 'partner', customer: null, reason: '550 unknown', at: new Date() },
        },
      }),
    );
    await alerts.deliver(mail({ content: { kind: 'test', by: 'key:k', at: new Date() }, doubled: true }));
    const [digest, forCustomer, dead, test] = server.mails.map(({ raw }) => readable(raw));
    expect(digest).toContain('- Harbor: out of credits, -2 credits, since');
    expect(forCustomer).toContain('- Harbor: credits have run out.');
    expect(forCustomer).not.toContain('-2 credits');
    expect(dead).toContain('Why: 550 unknown');
    expect(test).toContain('You may have this twice');
  });
});

describe('an e-mail that fails', () => {
  it.each([451, 452])('for a while (%s) is tried again', async (code) => {
    server.refuseRecipient = code;
    expect(await channel().deliver(mail())).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining(String(code)),
    });
  });

  it('because there is no such recipient kills the route', async () => {
    server.refuseRecipient = 550;
    expect(await channel().deliver(mail())).toMatchObject({ kind: 'dead', routeIsDead: true });
  });

  it('because of its content kills this message alone', async () => {
    server.refuseContent = 554;
    expect(await channel().deliver(mail())).toMatchObject({ kind: 'dead', routeIsDead: false });
  });

  it('when the connection breaks before the answer was perhaps sent', async () => {
    server.cutAfterContent = true;
    expect(await channel().deliver(mail())).toMatchObject({ kind: 'retry', perhapsPosted: true });
    expect(server.mails).toHaveLength(1);
  });

  it('because nothing listens was not sent', async () => {
    const { url } = server;
    await server.stop();
    expect(await channel(url).deliver(mail())).toMatchObject({ kind: 'retry', perhapsPosted: false });
    server = await MailServer.start();
  });
});
