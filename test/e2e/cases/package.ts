/** The package as n8n sees it: types, AI tools, icons, schemas, the credential's button, the lists. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import type { World } from '../world';

const ACTIONS = ['applyPlan', 'authorizeCall', 'checkThreshold', 'customer', 'deductCredits', 'topUp'];
const TRIGGER = 'talktimeTrigger';
/** The output schemas, one for each operation where there are several. */
const SCHEMAS = [
  'applyPlan/1',
  'authorizeCall/1.0.0/authorize',
  'checkThreshold/1',
  'customer/1.0.0/onboard',
  'deductCredits/1',
  'talktimeTrigger/1',
  'topUp/1.0.0/topUp',
  'topUp/1.0.0/paymentLink',
];

export async function packageCases(report: Report, { n8n, credential, credentialData }: World): Promise<void> {
  report.title('The package in n8n');

  await report.check('n8n knows the seven nodes, each but the trigger also as a tool for AI agents', async () => {
    const names = (await n8n.nodeTypes())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('n8n-nodes-talktime.'));
    const expected = ACTIONS.flatMap((name) => [`n8n-nodes-talktime.${name}`, `n8n-nodes-talktime.${name}Tool`]);
    expected.push(`n8n-nodes-talktime.${TRIGGER}`);
    assert.deepEqual(names.sort(), expected.sort());
  });

  await report.check('it serves their icons, light and dark, and their output schemas', async () => {
    for (const node of [...ACTIONS, 'talktime']) {
      for (const icon of [`${node}.svg`, `${node}.dark.svg`]) {
        const { status, text } = await n8n.file(`/icons/n8n-nodes-talktime/dist/nodes/icons/${icon}`);
        assert.deepEqual([status, text.slice(0, 4)], [200, '<svg'], icon);
      }
    }
    for (const schema of SCHEMAS) {
      const { status, text } = await n8n.file(`/schemas/n8n-nodes-talktime.${schema}.json`);
      assert.equal(status, 200, schema);
      assert.ok('properties' in (JSON.parse(text) as object));
    }
  });

  await report.check("the credential's test button says yes", async () => {
    const { status } = await n8n.testCredential(credential, credentialData);
    assert.equal(status, 'OK');
  });

  await report.check('and says what is wrong with a wrong key or a wrong address', async () => {
    const wrongKey = await n8n.testCredential(credential, { ...credentialData, apiKey: 'tt_wrong' });
    assert.match(wrongKey.message, /does not know this API key/);
    const wrongPath = await n8n.testCredential(credential, {
      ...credentialData,
      baseUrl: `${credentialData.baseUrl}/v1`,
    });
    assert.match(wrongPath.message, /leave out any path/);
    const wrongServer = await n8n.testCredential(credential, { ...credentialData, baseUrl: n8n.url });
    assert.match(wrongServer.message, /it is not Talktime/);
  });

  await report.check('the list of customers opens, and is searched', async () => {
    const all = await n8n.listSearch('n8n-nodes-talktime.topUp', 'searchCustomers', credential);
    assert.deepEqual(all.results.map(({ value }) => value).sort(), ['cus_acme', 'cus_bolt', 'cus_cora']);
    const found = await n8n.listSearch('n8n-nodes-talktime.topUp', 'searchCustomers', credential, { filter: 'dent' });
    assert.deepEqual(found.results, [{ name: 'Acme Dental (cus_acme)', value: 'cus_acme' }]);
  });

  await report.check('the list of plans shows what is in them and what they cost', async () => {
    const { results } = await n8n.listSearch('n8n-nodes-talktime.applyPlan', 'searchPlans', credential);
    assert.deepEqual(results, [{ name: 'Starter: 100 minutes for 60 USD', value: 'minutes-100' }]);
  });
}
