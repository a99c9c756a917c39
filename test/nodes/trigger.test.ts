/** Talktime Trigger against the real service: what n8n calls when a workflow is switched on, off, and when an event arrives. */
import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { Webhook } from 'standardwebhooks';
import { TalktimeTrigger } from '../../nodes/TalktimeTrigger/TalktimeTrigger.node';
import { TestApi } from '../server/harness';
import { loadOptionsContext } from './run-node';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ webhookAddresses: 'any' });
  await api.createCustomer('cus_acme');
});
afterAll(() => api.stop());
afterEach(async () => {
  for (const { id } of await webhooks()) await api.call('DELETE', `/v1/webhooks/${id}`);
});

const trigger = new TalktimeTrigger();
const hooks = trigger.webhookMethods.default;
const webhooks = async () =>
  (await api.get('/v1/webhooks')).body.items as { id: string; events: string[]; url: string }[];

/** A node of a workflow: its fields, what n8n keeps for it, and its address. */
function node(parameters: IDataObject = {}, url = 'http://127.0.0.1:5678/webhook/abc') {
  const kept: IDataObject = {};
  const values: IDataObject = { events: ['balance.low', 'call.deducted'], oneCustomer: false, ...parameters };
  const context = {
    ...loadOptionsContext(trigger, { baseUrl: api.url, apiKey: api.key }),
    getWorkflowStaticData: () => kept,
    getNodeParameter: (name: string, fallback: unknown) => values[name] ?? fallback,
    getNodeWebhookUrl: () => url,
    getWorkflow: () => ({ name: 'Low balance' }),
  } as unknown as IHookFunctions;
  return { context, kept, values };
}

describe('Talktime Trigger', () => {
  it('registers itself when switched on, once, and takes itself out when switched off', async () => {
    const { context, kept } = node();
    expect(await hooks.checkExists.call(context)).toBe(false);
    await hooks.create.call(context);
    expect(await webhooks()).toMatchObject([
      { id: kept.webhookId, url: 'http://127.0.0.1:5678/webhook/abc', events: ['balance.low', 'call.deducted'] },
    ]);
    expect(await hooks.checkExists.call(context)).toBe(true);

    await hooks.delete.call(context);
    expect(await webhooks()).toEqual([]);
    expect(kept).toEqual({});
    expect(await hooks.delete.call(context)).toBe(true);
  });

  it('registers anew when its fields changed, and when the webhook was deleted in Talktime', async () => {
    const { context, kept, values } = node();
    await hooks.create.call(context);
    const before = kept.webhookId;
    values.oneCustomer = true;
    values.customer = { __rl: true, mode: 'list', value: 'cus_acme' };
    expect(await hooks.checkExists.call(context)).toBe(false);
    await hooks.create.call(context);
    expect(await webhooks()).toMatchObject([{ customer_id: 'cus_acme' }]);
    expect(kept.webhookId).not.toBe(before);

    await api.call('DELETE', `/v1/webhooks/${String(kept.webhookId)}`);
    expect(await hooks.checkExists.call(context)).toBe(false);
    await hooks.create.call(context);
    expect(await webhooks()).toHaveLength(1);
  });

  it('leaves one webhook behind when n8n lost what it knew of the first', async () => {
    const [first, other] = [node(), node({}, 'http://127.0.0.1:5678/webhook/another')];
    await hooks.create.call(first.context);
    await hooks.create.call(other.context);
    const again = node();
    expect(await hooks.checkExists.call(again.context)).toBe(false);
    await hooks.create.call(again.context);
    expect((await webhooks()).map(({ id }) => id)).toEqual([other.kept.webhookId, again.kept.webhookId]);
  });

  describe('when something arrives', () => {
    const body = { id: 'e1', type: 'balance.low', at: '2026-11-24T16:00:00Z', customer: null, data: {} };
    const arrive = async (headers: Record<string, string>, raw: string, kept: IDataObject) => {
      const answered: unknown[] = [];
      const response = { status: (code: number) => (answered.push(code), response), json: () => response };
      const result = await trigger.webhook.call({
        getWorkflowStaticData: () => kept,
        getRequestObject: () => ({ rawBody: Buffer.from(raw) }),
        getHeaderData: () => headers,
        getResponseObject: () => response,
        getBodyData: () => JSON.parse(raw) as IDataObject,
      } as unknown as IWebhookFunctions);
      return { result, answered };
    };
    const signed = (secret: string, raw: string, at = new Date()) => ({
      'webhook-id': 'e1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('e1', at, raw),
    });

    it('starts the workflow with an event that Talktime signed', async () => {
      const { context, kept } = node();
      await hooks.create.call(context);
      const raw = JSON.stringify(body);
      const { result, answered } = await arrive(signed(String(kept.secret), raw), raw, kept);
      expect(result).toEqual({ webhookResponse: 'received', workflowData: [[{ json: body }]] });
      expect(answered).toEqual([]);
    });

    it.each([
      ['another secret', (_: string, raw: string) => signed('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', raw)],
      ['another body', (secret: string, raw: string) => signed(secret, `${raw} `)],
      ['no signature', () => ({})],
      ['an old signature', (secret: string, raw: string) => signed(secret, raw, new Date(Date.now() - 6 * 60_000))],
      ['one from the future', (secret: string, raw: string) => signed(secret, raw, new Date(Date.now() + 6 * 60_000))],
      [
        'half a signature',
        (secret: string, raw: string) => ({ ...signed(secret, raw), 'webhook-signature': 'v1,abc' }),
      ],
    ])('answers 401 to %s, and starts nothing', async (_, headersOf) => {
      const { context, kept } = node();
      await hooks.create.call(context);
      const raw = JSON.stringify(body);
      const { result, answered } = await arrive(headersOf(String(kept.secret), raw), raw, kept);
      expect(result).toEqual({ noWebhookResponse: true });
      expect(answered).toEqual([401]);
    });
  });
});
