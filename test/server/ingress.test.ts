import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { sweepInbox } from '@talktime/core/calls';
import { Ledger } from '@talktime/core/ledger';
import { Sealer } from '@talktime/core/access';
import { callEnded, retellSignature, TestApi } from './harness';

const SECRET = 'key_webhook';
const PUBLIC_URL = 'https://talktime.example.com';

let api: TestApi;
let retell: string;
beforeAll(async () => void (api = await TestApi.start({ publicUrl: PUBLIC_URL })));
afterAll(() => api.stop());
beforeAll(async () => {
  await api.createCustomer('cus_acme', {}, [{ kind: 'agent', value: 'agent_acme' }]);
  await api.topUp('cus_acme', '100000');
  retell = await endpoint('retell', { secrets: [SECRET] });
});

async function endpoint(provider: string, more: object = {}): Promise<string> {
  const answer = await api.post('/v1/endpoints', {
    provider,
    account: `a${Math.random()}`,
    secrets: [SECRET],
    ...more,
  });
  expect(answer.status).toBe(201);
  return answer.body.path as string;
}

const deliver = (path: string, raw: string | Buffer, headers: Record<string, string>) =>
  api.call('POST', path, { key: null, raw, headers });
const fromRetell = (raw: string, path = retell) =>
  deliver(path, raw, { 'x-retell-signature': retellSignature(raw, SECRET), 'content-type': 'application/json' });
const elevenLabsSignature = (raw: string) => {
  const t = Math.floor(Date.now() / 1000);
  return `t=${t},v0=${createHmac('sha256', SECRET).update(`${t}.${raw}`).digest('hex')}`;
};
const balance = async () => (await api.get('/v1/balance?customer_id=cus_acme')).body.posted as number;
const inbox = async (query = '') =>
  (await api.get(`/v1/inbox?limit=200${query}`)).body.items as Record<string, unknown>[];
const one = async (callId: string) => (await inbox()).find((each) => each.provider_call_id === callId);

describe('the ingress', () => {
  it('has booked a call when it answers, and shows it in the inbox', async () => {
    const before = await balance();
    const raw = callEnded({ call_id: 'call_1', seconds: 61, agent_id: 'agent_acme' });
    expect((await fromRetell(raw)).status).toBe(204);
    expect(before - (await balance())).toBeCloseTo(12.2, 6);
    expect((await fromRetell(raw)).status).toBe(204);
    expect(before - (await balance())).toBeCloseTo(12.2, 6);
    expect(await one('call_1')).toMatchObject({ state: 'booked', deliveries: 2, provider: 'retell', message: null });
  });

  it.each([
    ['vapi', 200, { 'x-vapi-secret': SECRET }, '{"message":{"type":"hang"}}'],
    ['ultravox', 204, null, '{"event":"call.started"}'],
    ['elevenlabs', 200, null, '{"type":"voice_removal_notice"}'],
    ['bland', 200, null, '{"call_id":"b1","completed":false}'],
  ])('answers %s with %d', async (provider, status, headers, raw) => {
    const path = await endpoint(provider);
    const timestamp = new Date().toISOString();
    const hmac = (text: string) => createHmac('sha256', SECRET).update(text).digest('hex');
    const signed: Record<string, Record<string, string>> = {
      ultravox: {
        'x-ultravox-webhook-signature': hmac(raw + timestamp),
        'x-ultravox-webhook-timestamp': timestamp,
      },
      elevenlabs: { 'elevenlabs-signature': elevenLabsSignature(raw) },
      bland: { 'x-webhook-signature': hmac(raw) },
    };
    expect((await deliver(path, raw, headers ?? signed[provider]!)).status).toBe(status);
  });

  it("takes Twilio's forms, signed over the public address", async () => {
    const path = await endpoint('twilio');
    const fields: Record<string, string> = { CallSid: `CA${'1'.repeat(32)}`, CallStatus: 'ringing' };
    const content = Object.keys(fields)
      .sort()
      .map((name) => name + fields[name])
      .join('');
    const signature = createHmac('sha1', SECRET)
      .update(PUBLIC_URL + path + content)
      .digest('base64');
    const raw = new URLSearchParams(fields).toString();
    const headers = { 'x-twilio-signature': signature, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await deliver(path, raw, headers)).status).toBe(204);
    expect((await deliver(`${path}?other=1`, raw, headers)).body).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('keeps no transcript, unless the endpoint is told to', async () => {
    const raw = callEnded({ call_id: 'call_2', seconds: 61, agent_id: 'agent_acme' });
    await fromRetell(raw);
    const kept = await api.get(`/v1/inbox/${(await one('call_2'))!.id as string}`);
    expect(kept.body.body).toContain('"duration_ms":61000');
    expect(kept.body.body).not.toContain('São Paulo');
    const rows = await api.database.superuser<{ count: bigint }>(
      `select count(*) from talktime.inbox where convert_from(body, 'UTF8') like '%Paulo%'`,
    );
    expect(Number(rows[0]!.count)).toBe(0);

    const keeping = await endpoint('retell', { settings: { keep_transcripts: true } });
    await fromRetell(callEnded({ call_id: 'call_3', seconds: 61, agent_id: 'agent_acme' }), keeping);
    const whole = await api.get(`/v1/inbox/${(await one('call_3'))!.id as string}`);
    expect(whole.body.body).toContain('São Paulo');
  });

  it('keeps what it cannot read, and books it when it is worked on again after a fix', async () => {
    const path = await endpoint('generic', {
      settings: { signature: { payload: '{body}' }, fields: { call_id: 'id', seconds: 'lenght', agent_id: 'agent' } },
    });
    const raw = '{"id":"generic_1","length":61,"agent":"agent_acme","recording":{"seconds":3}}';
    const signature = createHmac('sha256', SECRET).update(raw).digest('hex');
    const before = await balance();
    expect((await deliver(path, raw, { 'x-signature': signature })).status).toBe(200);
    const [kept] = await inbox('&state=unreadable');
    expect(kept).toMatchObject({ provider: 'generic', message: expect.stringContaining('no length') });
    expect(await balance()).toBe(before);

    const id = path.split('/').at(-1)!;
    const fixed = await api.patch(`/v1/endpoints/${id}`, {
      settings: { signature: { payload: '{body}' }, fields: { call_id: 'id', seconds: 'length', agent_id: 'agent' } },
    });
    expect(fixed.status).toBe(200);
    for (let again = 0; again < 2; again++) {
      const answer = await api.call('POST', `/v1/inbox/${kept!.id as string}/replay`);
      expect(answer.body).toMatchObject({ state: 'booked', provider_call_id: 'generic_1' });
    }
    expect(before - (await balance())).toBeCloseTo(12.2, 6);
  });

  it('keeps a body that is nested beyond all sense, without walking down it', async () => {
    const path = await endpoint('bland');
    const raw = `{"call_id":"deep","metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const signature = createHmac('sha256', SECRET).update(raw).digest('hex');
    expect((await deliver(path, raw, { 'x-webhook-signature': signature })).status).toBe(200);
    expect((await inbox('&state=unreadable')).find((each) => each.provider === 'bland')).toBeDefined();
  });

  it('takes an old and a new secret during a rotation', async () => {
    const path = await endpoint('retell');
    const id = path.split('/').at(-1)!;
    const raw = callEnded({ call_id: 'call_rotated', seconds: 1, agent_id: 'agent_acme' });
    const with_ = (secret: string) => deliver(path, raw, { 'x-retell-signature': retellSignature(raw, secret) });
    expect((await with_('the new one')).status).toBe(401);
    await api.patch(`/v1/endpoints/${id}`, { secrets: ['the new one', SECRET] });
    expect([(await with_('the new one')).status, (await with_(SECRET)).status]).toEqual([204, 204]);
    await api.patch(`/v1/endpoints/${id}`, { secrets: ['the new one'] });
    expect([(await with_('the new one')).status, (await with_(SECRET)).status]).toEqual([204, 401]);
  });

  it('takes up what was recorded and not worked on, once its time has come', async () => {
    const raw = callEnded({ call_id: 'call_crashed', seconds: 61, agent_id: 'agent_acme' });
    await fromRetell(raw);
    const before = await balance();
    // As a process leaves it that dies between recording a new call and booking it.
    await api.database.superuser(
      `update talktime.inbox set state = 'received', next_attempt_at = now(), processed_at = null,
         body = convert_to(replace(convert_from(body, 'UTF8'), 'call_crashed', 'call_unbooked'), 'UTF8')
       where provider_call_id = 'call_crashed'`,
    );
    const talktime = {
      database: api.database.database,
      ledger: new Ledger(api.database.database),
      sealer: new Sealer(Buffer.alloc(32, 7)),
    };
    expect(await sweepInbox(talktime, api.partnerId)).toBe(1);
    expect(await sweepInbox(talktime, api.partnerId)).toBe(0);
    expect(before - (await balance())).toBeCloseTo(12.2, 6);
    expect(await one('call_unbooked')).toMatchObject({ state: 'booked' });
  });
});

describe('bodies that are large', () => {
  /** Sends a body bit by bit, and answers the status and how many bytes had been sent by then. */
  function pour(path: string, headers: Record<string, string>, start: string, megabytes: number) {
    return new Promise<{ status: number; sent: number }>((resolve, reject) => {
      const chunk = Buffer.alloc(256 * 1024, 'A');
      let sent = 0;
      let answered = false;
      const outgoing = request(api.url + path, { method: 'POST', headers }, (response) => {
        answered = true;
        response.resume();
        resolve({ status: response.statusCode!, sent });
        outgoing.destroy();
      });
      outgoing.on('error', (error) => answered || reject(error));
      outgoing.write(start);
      const more = () => {
        if (answered) return;
        if (sent >= megabytes * 1024 * 1024) return void outgoing.end();
        sent += chunk.length;
        outgoing.write(chunk, () => setImmediate(more));
      };
      more();
    });
  }

  it('are refused above 10 MB: at once when the length says so, else as soon as it shows', async () => {
    const announced = { 'x-retell-signature': 'v=1,d=0', 'content-length': String(64 * 1024 * 1024) };
    expect(await pour(retell, announced, '{"event":"call_ended",', 64)).toMatchObject({ status: 413 });
    const chunked = await pour(retell, { 'x-retell-signature': 'v=1,d=0' }, '{"event":"call_ended",', 64);
    expect(chunked.status).toBe(413);
    expect(chunked.sent).toBeLessThan(32 * 1024 * 1024);
  });

  it("that are ElevenLabs' audio are answered 200 by their first bytes, and not taken in", async () => {
    const path = await endpoint('elevenlabs');
    const start = '{"type":"post_call_audio","event_timestamp":1764000070,"data":{"full_audio":"';
    const answer = await pour(path, { 'elevenlabs-signature': 't=1,v0=00' }, start, 64);
    expect(answer.status).toBe(200);
    expect(answer.sent).toBeLessThan(32 * 1024 * 1024);
    const small = '{"type":"post_call_audio","data":{"full_audio":"SUQz"}}';
    expect((await deliver(path, small, { 'elevenlabs-signature': 't=1,v0=00' })).status).toBe(200);
    expect((await inbox()).filter((each) => each.provider === 'elevenlabs')).toEqual(
      (await inbox()).filter((each) => each.provider === 'elevenlabs' && each.message !== null),
    );
  });
});

describe('a burst', () => {
  it('of 2,000 webhooks from 50 connections is booked to the last, each once and in time', async () => {
    const before = await balance();
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const post = (raw: string) =>
      new Promise<{ status: number; ms: number }>((resolve, reject) => {
        const sent = performance.now();
        const outgoing = request(
          api.url + retell,
          {
            method: 'POST',
            agent,
            headers: { 'x-retell-signature': retellSignature(raw, SECRET), 'content-length': Buffer.byteLength(raw) },
          },
          (response) => {
            response.resume();
            response.on('end', () => resolve({ status: response.statusCode!, ms: performance.now() - sent }));
          },
        );
        outgoing.on('error', reject);
        outgoing.end(raw);
      });
    // 1,000 calls, each reported twice, in no order.
    const bodies = Array.from({ length: 2000 }, (_, n) =>
      callEnded({ call_id: `burst_${(n * 7919) % 1000}`, seconds: 60, agent_id: 'agent_acme' }),
    );
    const queue = bodies.values();
    const answers: { status: number; ms: number }[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (const raw of queue) answers.push(await post(raw));
      }),
    );
    agent.destroy();
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(2000);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(10_000); // Retell's deadline
    expect(before - (await balance())).toBeCloseTo(12_000, 6);
    const [row] = await api.database.superuser<{ booked: bigint; deliveries: bigint }>(
      `select count(*) as booked, sum(deliveries) as deliveries from talktime.inbox
       where provider_call_id like 'burst%' and state = 'booked'`,
    );
    expect([Number(row!.booked), Number(row!.deliveries)]).toEqual([1000, 2000]);
  });
});
