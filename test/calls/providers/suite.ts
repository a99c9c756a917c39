import { createHash } from 'node:crypto';
import {
  adapterOf,
  assignCall,
  createEndpoint,
  deduct,
  listDeliveries,
  listSuspense,
  receiveDelivery,
  recognise,
  type Parsed,
  type Processed,
} from '@talktime/core/calls';
import { endpointCreate, type Provider } from '@talktime/core/contract';
import { addMapping } from '@talktime/core/customers';
import fc from 'fast-check';
import type { TestDatabase } from '../../setup/database';
import { PARTNER, World } from '../../setup/world';

/** What a provider sends: made and signed with its own SDK where it has one. */
export interface SignedDelivery {
  readonly rawBody: Buffer;
  readonly headers: Record<string, string>;
}

export interface ProviderCase {
  readonly provider: Provider;
  readonly secret: string;
  readonly settings?: object;
  /** Body of the webhook that is billed: a call of 61 seconds of cus_acme, unless its clues say otherwise. */
  ended(call: { id: string; seconds: number }): string;
  /** A body that is signed and cannot be read; half of one that can, unless said. */
  readonly unreadable?: string;
  /** Bodies of the same call that must change nothing. */
  readonly others: readonly string[];
  /** `at` in milliseconds; `url` is the address that it is sent to. */
  sign(rawBody: string, secret: string, at: number, url: string): Promise<SignedDelivery> | SignedDelivery;
  /** null when the scheme signs no moment. */
  readonly windowSeconds: number | null;
  /** Which bytes of the body the signature covers; all of them unless said. */
  readonly covers?: 'call id';
  /** The secret is a public key. */
  readonly signsWith?: 'key pair';
  /** What in the payload tells the customer. */
  readonly clue: { readonly kind: 'agent' | 'phone_number' | 'metadata'; readonly value: string };
  readonly receivedStatus: 200 | 204;
  /** Headers without which the delivery is not signed. */
  readonly signatureHeaders: readonly string[];
}

export const PUBLIC_URL = 'https://talktime.example.com';
const URL_OF = (provider: Provider, endpointId: string) => `${PUBLIC_URL}/hooks/${provider}/${endpointId}`;

/** An account at the provider in a world of its own, with the three ways that a call's end can take. */
export class Account {
  private constructor(
    readonly world: World,
    readonly one: ProviderCase,
    readonly endpointId: string,
  ) {}

  static async open(test: TestDatabase, one: ProviderCase, mapped = true): Promise<Account> {
    const world = await World.create(test);
    await world.customer('cus_acme', '100');
    if (mapped) await addMapping(test.database, world.partnerId, PARTNER, { ...one.clue, customer_id: 'cus_acme' });
    const input = endpointCreate.parse({
      provider: one.provider,
      secrets: [one.secret],
      ...(one.settings && { settings: one.settings }),
    });
    const endpoint = await createEndpoint(world.talktime, world.partnerId, PARTNER, input);
    return new Account(world, one, endpoint.id);
  }

  get url(): string {
    return URL_OF(this.one.provider, this.endpointId);
  }

  sign(body: string, at = Date.now(), secret = this.one.secret): Promise<SignedDelivery> | SignedDelivery {
    return this.one.sign(body, secret, at, this.url);
  }

  /** To the endpoint; waits until it was worked on. */
  async deliver(body: string, at?: number): Promise<Processed> {
    return this.deliverSigned(await this.sign(body, at));
  }

  async deliverSigned({ rawBody, headers }: SignedDelivery): Promise<Processed> {
    const { processed } = await receiveDelivery(this.world.talktime, {
      provider: this.one.provider,
      endpointId: this.endpointId,
      headers,
      rawBody,
      url: this.url,
    });
    return processed;
  }

  /** As n8n's node passes it on. */
  async passOn(body: string, at?: number) {
    const { rawBody, headers } = await this.sign(body, at);
    return deduct(this.world.talktime, this.world.partnerId, PARTNER, {
      source: 'provider_webhook',
      provider: this.one.provider,
      headers,
      url: this.url,
      body_base64: rawBody.toString('base64'),
    });
  }

  async byFields(callId: string, seconds: string) {
    return deduct(this.world.talktime, this.world.partnerId, PARTNER, {
      source: 'call',
      provider: this.one.provider,
      call_id: callId,
      seconds,
      customer_id: 'cus_acme',
    });
  }
}

/** What every provider has to stand. */
export function describeProvider(one: ProviderCase): void {
  const adapter = adapterOf(one.provider);
  const settings = endpointCreate.parse({
    provider: one.provider,
    secrets: ['any'],
    settings: one.settings ?? {},
  }).settings;
  const url = URL_OF(one.provider, 'ep_1');
  const now = 1_764_000_070_000;
  const body = one.ended({ id: idOf(one, 'call-1'), seconds: 61 });
  const verify = (
    delivery: SignedDelivery,
    options: { at?: number; secrets?: string[]; checkAge?: boolean; url?: string | null } = {},
  ) =>
    adapter.verify(
      {
        rawBody: delivery.rawBody,
        headers: Object.fromEntries(
          Object.entries(delivery.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        url: options.url === undefined ? url : options.url,
      },
      {
        secrets: options.secrets ?? [one.secret],
        settings,
        now: options.at ?? now,
        checkAge: options.checkAge ?? true,
      },
    );
  const signed = async (at = now, text = body, secret = one.secret) => one.sign(text, secret, at, url);

  describe(`verifying ${one.provider}`, () => {
    it('accepts what is signed with a live secret, of several', async () => {
      expect(verify(await signed())).toEqual({ ok: true });
      expect(verify(await signed(), { secrets: ['a newer one', one.secret] })).toEqual({ ok: true });
    });

    it('accepts accents, and bytes as they came', async () => {
      const accented = body.replace('Hello', 'Olá, “São Paulo” 𝄞');
      expect(verify(await signed(now, accented))).toEqual({ ok: true });
    });

    it('refuses a delivery without its signature', async () => {
      const delivery = await signed();
      for (const name of one.signatureHeaders) {
        const headers = Object.fromEntries(
          Object.entries(delivery.headers).filter(([each]) => each.toLowerCase() !== name),
        );
        expect(verify({ ...delivery, headers })).toMatchObject({ ok: false, code: 'SIGNATURE_MISSING' });
      }
    });

    it('refuses another secret, and none', async () => {
      if (one.signsWith !== 'key pair')
        expect(verify(await signed(), { secrets: [] })).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
      expect(verify(await signed(), { secrets: ['another'] })).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
    });

    it('refuses a tampered body', async () => {
      const delivery = await signed();
      const start = one.covers === 'call id' ? delivery.rawBody.indexOf(idOf(one, 'call-1')) : 0;
      const length = one.covers === 'call id' ? idOf(one, 'call-1').length : delivery.rawBody.length;
      fc.assert(
        fc.property(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }), (offset, change) => {
          const tampered = Buffer.from(delivery.rawBody);
          tampered[start + offset]! ^= change;
          // The decoder of a form reads some different bytes as the same parameters (%2B and %2b): they say the same.
          if (one.provider === 'twilio' && sameForm(tampered, delivery.rawBody)) return;
          expect(verify({ ...delivery, rawBody: tampered }).ok).toBe(false);
        }),
      );
    });

    it('refuses headers of any other content', () => {
      fc.assert(
        fc.property(fc.string(), (text) => {
          const headers = Object.fromEntries(one.signatureHeaders.map((name) => [name, text]));
          expect(verify({ rawBody: Buffer.from(body), headers }).ok).toBe(false);
        }),
      );
    });

    if (one.windowSeconds === null) {
      it('has no moment to check: the identity of the call stops replays', async () => {
        expect(verify(await signed(), { at: now + 365 * 86_400_000 })).toEqual({ ok: true });
      });
    } else {
      const window = one.windowSeconds * 1000;
      it.each([
        ['old', window + 1000],
        ['from the future', -window - 1000],
      ])('refuses a signature that is too %s', async (_, difference) => {
        expect(verify(await signed(), { at: now + difference })).toMatchObject({
          ok: false,
          code: 'SIGNATURE_EXPIRED',
        });
        expect(verify(await signed(), { at: now + difference, checkAge: false })).toEqual({ ok: true });
      });
    }
  });

  it('is told that a delivery was received as it wants to hear it, and is recognised by its headers', async () => {
    expect(adapter.receivedStatus).toBe(one.receivedStatus);
    const { headers } = await signed();
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    if (one.provider === 'generic')
      expect(adapter.recognises(named)).toBe(false); // never guessed
    else expect(recognise(named).provider).toBe(one.provider);
  });

  describe(`reading ${one.provider}`, () => {
    const read = (value: unknown): Parsed => adapter.parse(value, settings);
    const decode = (text: string): unknown => (adapter.decode ? adapter.decode(Buffer.from(text)) : JSON.parse(text));

    it('never throws, whatever it is given', () => {
      fc.assert(fc.property(fc.anything(), (value) => void read(value)));
      const whole = decode(body) as object;
      fc.assert(
        fc.property(fc.constantFrom(...pathsOf(whole)), fc.anything(), (path, value) => {
          const parsed = read(replaced(whole, path, value));
          // Whatever is in a field: a call has a length that can be charged, or it is none.
          if (parsed.kind === 'call') expect(Number.isSafeInteger(parsed.facts.rawMilliseconds)).toBe(true);
          if (parsed.kind === 'call') expect(parsed.facts.rawMilliseconds).toBeGreaterThanOrEqual(0);
        }),
        { numRuns: 500 },
      );
    });

    it('bills nothing but the one event', () => {
      expect(read(decode(body)).kind).toBe('call');
      for (const other of one.others) expect(read(decode(other)).kind).toBe('ignored');
    });
  });

  describe(`a call of ${one.provider}`, () => {
    let test: TestDatabase;
    beforeAll(async () => void (test = await World.open()));
    afterAll(() => test.drop());

    it('is charged once by every way, delivered 1 to 5 times in every order', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('ingress', 'n8n', 'fields', 'other'), { minLength: 1, maxLength: 5 }),
          async (ways) => {
            const account = await Account.open(test, one);
            const id = idOf(one, 'call-1');
            let delivered = false;
            for (const way of ways) {
              const end = one.ended({ id, seconds: 61 });
              if (way === 'ingress') expect((await account.deliver(end)).state).toBe('booked');
              if (way === 'n8n') {
                const result = await account.passOn(end, Date.now() - 3_600_000);
                expect(result).toMatchObject({ outcome: 'deducted', receipt: { raw_seconds: 61, price: 12.2 } });
                if (result.outcome === 'deducted')
                  expect(result.receipt?.call).toMatchObject({ provider: one.provider, call_id: id });
              }
              if (way === 'fields') expect((await account.byFields(id, '61')).outcome).toBe('deducted');
              if (way === 'other')
                for (const other of one.others) expect((await account.deliver(other)).state).toBe('ignored');
              delivered ||= way !== 'other';
            }
            expect(await account.world.posted('cus_acme')).toBe(delivered ? 87.8 : 100);
          },
        ),
        { numRuns: 12 },
      );
    });

    it('waits in suspense without a customer, and is charged once when assigned, whatever comes again', async () => {
      const account = await Account.open(test, one, false);
      const { world } = account;
      // Not in the payload of every provider's suite case: take away what names cus_acme itself.
      const end = one.ended({ id: idOf(one, 'call-2'), seconds: 61 }).replaceAll('cus_acme', 'cus_nobody');
      expect((await account.deliver(end)).state).toBe('suspense');
      const { items } = await listSuspense(test.database, world.partnerId, { limit: 10 });
      expect(items).toMatchObject([{ provider: one.provider, reason: 'no_customer', raw_seconds: 61 }]);
      await assignCall(world.talktime, world.partnerId, PARTNER, items[0]!.call_id, 'cus_acme');
      expect((await account.deliver(end)).state).toBe('booked');
      expect(await world.posted('cus_acme')).toBe(87.8);
    });

    it('charges nothing for what is not signed, and keeps nothing of it', async () => {
      const account = await Account.open(test, one);
      const before = await account.world.fingerprint();
      const delivery = await account.sign(one.ended({ id: idOf(one, 'call-3'), seconds: 61 }), Date.now(), wrong(one));
      await expect(account.deliverSigned(delivery)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
      expect(await account.world.fingerprint()).toBe(before);
      expect((await listDeliveries(test.database, account.world.partnerId, { limit: 10 })).items).toEqual([]);
    });

    it('keeps a signed body that it cannot read, and charges nothing', async () => {
      if (one.covers === 'call id') return; // what is no JSON has no call id that could be signed
      const account = await Account.open(test, one);
      const before = await account.world.fingerprint();
      const end = one.ended({ id: idOf(one, 'call-4'), seconds: 61 });
      const unreadable = one.unreadable ?? end.slice(0, Math.floor(end.length / 2));
      const outcome = await account.deliver(unreadable).catch((error: { code?: string }) => error.code);
      // A moment that is in the body is cut off with it.
      if (outcome !== 'SIGNATURE_INVALID') {
        expect(outcome).toMatchObject({ state: 'unreadable' });
        const { items } = await listDeliveries(test.database, account.world.partnerId, { limit: 10 });
        expect(items).toMatchObject([{ state: 'unreadable', provider: one.provider }]);
      }
      expect(await account.world.fingerprint()).toBe(before);
    });
  });
}

/** An id that the provider could have given. */
export function idOf(one: Pick<ProviderCase, 'provider'>, name: string): string {
  return one.provider === 'twilio' ? `CA${createHash('md5').update(name).digest('hex')}` : name;
}

function wrong(one: ProviderCase): string {
  return one.signsWith === 'key pair' ? 'another' : `${one.secret} with a typo`;
}

function sameForm(a: Buffer, b: Buffer): boolean {
  const sorted = (body: Buffer) => [...new URLSearchParams(body.toString('utf8'))].map(String).sort().join('\n');
  return sorted(a) === sorted(b);
}

function pathsOf(value: unknown, before: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...before]];
  const below = Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...before, name]));
  return before.length === 0 ? below : [[...before], ...below];
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  const copy = { ...(value as Record<string, unknown>) };
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}
