import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { addMapping, getCustomer, listMappings } from '@talktime/core/customers';
import { verify } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

const ROOT = resolve(__dirname, '../..');

describe('talktime export and import, on the command line', () => {
  let test: TestDatabase;
  let from: World;
  let folder: string;
  beforeAll(async () => {
    test = await World.open();
    folder = mkdtempSync(join(tmpdir(), 'talktime-records-'));
    from = await World.create(test, { rate: '6' });
    await from.customer('acme', '100', {
      grace_seconds: 30,
      low_credit_threshold: '12.5',
      shortfall_policy: 'partner',
      rounding: { initial_seconds: 60, increment_seconds: 6 },
      visible_credit_plan_ids: ['starter', 'pro'],
      alert_levels: [
        { status: 'low', kind: 'percent', value: '25' },
        { status: 'critical', kind: 'days', value: '2.5' },
      ],
      alert_emails: ['ops@acme.example', 'pay@acme.example'],
      max_spend_per_day: '1000.000001',
    });
    await from.customer('birch', '0', { overdraft: '50' });
    for (const [kind, value] of [
      ['phone_number', '+1 415 555 2671'],
      ['agent', 'agent_1'],
      ['agent', 'agent_2'],
    ] as const)
      await addMapping(test.database, from.partnerId, PARTNER, { kind, value, customer_id: 'acme' });
    await from.call({ seconds: 61, customerId: 'acme' });
    await from.call({ id: 'call-2', seconds: 60, customerId: 'birch' });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await test.drop();
  });

  function run(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'server/cli.ts'), ...words],
      {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: test.url,
          TALKTIME_SEAL_KEY: Buffer.alloc(32, 7).toString('base64'),
        },
      },
    );
    return { status, stdout, stderr, lines: stdout.trimEnd().split(/\r?\n/) };
  }
  const file = (name: string, content: string) => writeFileSync(join(folder, name), content);
  const moved = (world: World, kind: string, format: string, source = from) => {
    file(`${kind}.${format}`, run('export', kind, '--partner', source.partnerId, '--format', format).stdout);
    return ['import', kind, `${kind}.${format}`, '--partner', world.partnerId];
  };

  it('exports customers as the sheet that a person fills in', () => {
    expect(run('export', 'customers', '--partner', from.partnerId).stdout).toBe(
      [
        'id,name,ai_credits_enabled,price_per_minute,initial_seconds,increment_seconds,grace_seconds,overdraft,shortfall_policy,low_credit_threshold,low_credit_notifications_enabled,show_pricing_information,customer_portal_enabled,restrict_credit_plan_visibility,visible_credit_plan_ids,max_call_seconds,max_concurrent_calls,max_spend_per_day,max_spend_per_month,gate_failure,end_calls_when_exhausted,alert_levels,alert_emails,agents,phone_numbers,metadata_values',
        "acme,acme,true,12,60,6,30,0,partner,12.5,false,false,false,false,starter;pro,3600,none,1000.000001,none,closed,false,low 25 percent;critical 2.5 days,ops@acme.example;pay@acme.example,agent_1;agent_2,'+14155552671,",
        "birch,birch,true,12,1,1,0,50,debt,none,false,false,false,false,none,3600,none,none,none,closed,false,partner's,none,,,",
        '',
      ].join('\r\n'),
    );
  });

  it.each(['csv', 'jsonl'])(
    'moves customers, balances and their history to another partner by %s, once',
    async (format) => {
      const to = await World.create(test, { rate: '6' });
      const customers = moved(to, 'customers', format);
      const before = await to.fingerprint();
      expect(run(...customers, '--dry-run')).toMatchObject({
        status: 0,
        lines: [
          '1  acme  created: acme, 3 mappings',
          '2  birch  created: birch, 0 mappings',
          'Dry run, nothing was changed: 2 created.',
        ],
      });
      expect(await to.fingerprint()).toBe(before);
      expect(run(...customers).lines.at(-1)).toBe('2 created.');
      expect(run(...customers).lines).toEqual([
        '1  acme  nothing: is like that already',
        '2  birch  nothing: is like that already',
        '2 nothing.',
      ]);
      const { settings } = await getCustomer(test.database, from.partnerId, 'acme');
      const copy = await getCustomer(test.database, to.partnerId, 'acme');
      expect(copy.settings).toEqual({
        ...settings,
        rate: { ...settings.rate, effective_from: copy.settings.rate!.effective_from },
      });
      expect(await listMappings(test.database, to.partnerId, {})).toEqual(
        await listMappings(test.database, from.partnerId, {}),
      );

      const history = moved(to, 'history', format);
      expect(run(...history, '--dry-run')).toMatchObject({
        status: 0,
        lines: ['1  acme  posted: 2 lines', '3  birch  posted: 1 line', 'Dry run, nothing was changed: 2 posted.'],
      });
      expect(await to.posted('acme')).toBe(0);
      expect(run(...history).status).toBe(0);
      expect(await to.posted('acme')).toBe(await from.posted('acme'));
      expect(await to.posted('birch')).toBe(-12);
      expect(run(...history).lines).toEqual([
        '1  acme  nothing: 2 lines posted already',
        '3  birch  nothing: 1 line posted already',
        '2 nothing.',
      ]);
      expect(run(...moved(to, 'balances', format)).lines.at(-1)).toBe('3 nothing.');
      expect((await verify(test.database, { partnerId: to.partnerId })).findings).toEqual([]);
    },
  );

  it('opens wallets with balances, once, and never adds to one that has a history', async () => {
    const to = await World.create(test);
    await to.customer('acme', '0');
    await to.customer('birch', '0', { overdraft: '50' });
    await to.customer('cedar', '7');
    file('balances.csv', 'customer_id,posted\nacme,87.8\nbirch,-12\ncedar,100\ndogwood,1\n');
    const balances = ['import', 'balances', 'balances.csv', '--partner', to.partnerId];
    const refusals = [
      '3  cedar  refused: WALLET_IN_USE: The wallet "cedar" has a history of its own, and its balance is 7. An import only fills wallets that nothing was posted to; change this one by a top-up or an adjustment.',
      '4  dogwood  refused: CUSTOMER_NOT_FOUND: There is no customer "dogwood". Check the id, or create the customer first.',
    ];
    const outcome = ['1  acme  posted: 87.8 credits', '2  birch  posted: -12 credits', ...refusals];
    expect(run(...balances, '--dry-run')).toMatchObject({
      status: 1,
      lines: [...outcome, 'Dry run, nothing was changed: 2 posted, 2 refused.'],
    });
    expect(run(...balances)).toMatchObject({ status: 1, lines: [...outcome, '2 posted, 2 refused.'] });
    await to.call({ seconds: 60, customerId: 'acme' });
    expect(run(...balances).lines.slice(0, 2)).toEqual([
      '1  acme  nothing: was opened with 87.8 already',
      '2  birch  nothing: was opened with -12 already',
    ]);
    expect([await to.posted('acme'), await to.posted('birch'), await to.posted('cedar')]).toEqual([75.8, -12, 7]);
    file('balances.csv', 'customer_id,posted\nacme,90\nbirch,0\n');
    expect(run(...balances).stdout).toMatch(/acme {2}refused: IDEMPOTENCY_CONFLICT[^]*birch {2}refused: WALLET_IN_USE/);
    expect([await to.posted('acme'), await to.posted('birch')]).toEqual([75.8, -12]);
  });

  it('posts a history as a whole or not at all', async () => {
    const to = await World.create(test);
    for (const id of ['sums', 'debt', 'gap']) await to.customer(id, '0');
    file(
      'history.csv',
      [
        'customer_id,sequence,amount,balance,date,note',
        'sums,1,10,10,2026-01-01T00:00:00Z,',
        'sums,2,-3,8,2026-01-02T00:00:00Z,',
        'debt,1,10,10,2026-01-01T00:00:00Z,',
        'debt,2,-13,-3,2026-01-02T00:00:00Z,',
        'gap,2,-4,6,2026-01-02T00:00:00Z,=calls',
        'gap,1,10,10,2026-01-01T00:00:00Z,Invoice 7',
      ].join('\n'),
    );
    const history = ['import', 'history', 'history.csv', '--partner', to.partnerId];
    const { status, lines } = run(...history);
    expect(status).toBe(1);
    expect(lines[0]).toBe(
      '1  sums  refused: REQUEST_INVALID: Record 2: the amounts up to this line sum to 7, and its balance is 8; a history begins with an empty wallet and has every line.',
    );
    expect(lines[1]).toMatch(/^3 {2}debt {2}refused: INSUFFICIENT_CREDITS/);
    expect(lines[2]).toBe('5  gap  posted: 2 lines');
    expect([await to.posted('sums'), await to.posted('debt'), await to.posted('gap')]).toEqual([0, 0, 6]);
    const [newest, oldest] = run('export', 'history', '--partner', to.partnerId, '--customer', 'gap').lines.slice(1);
    expect(newest).toMatch(/^customer,gap,2,Deducted,-4,6,2026-01-02 =calls,/);
    expect(oldest).toMatch(/^customer,gap,1,Added,10,10,2026-01-01 Invoice 7,/);
  });

  it('updates what a sheet says, leaves the rest, and clears with "none"', async () => {
    const to = await World.create(test);
    await to.customer('acme', '0', { low_credit_threshold: '5', grace_seconds: 30 });
    file('sheet.csv', 'id,name,low_credit_threshold,grace_seconds,agents\nacme,Acme Dental,none,,agent_9\n');
    const sheet = ['import', 'customers', 'sheet.csv', '--partner', to.partnerId];
    const changes = '1  acme  updated: name, low_credit_threshold, 1 mapping';
    expect(run(...sheet, '--dry-run').lines).toEqual([changes, 'Dry run, nothing was changed: 1 updated.']);
    expect(run(...sheet).lines[0]).toBe(changes);
    expect((await getCustomer(test.database, to.partnerId, 'acme')).settings).toMatchObject({
      low_credit_threshold: null,
      grace_seconds: 30,
    });
  });

  it.each([
    ['a column that is none', 'id,name,colour\nacme,Acme,red\n', 'columns of customers are id, name,'],
    ['cells that do not fit', 'id,name,grace_seconds\nacme,Acme,soon\n', 'record 1: settings.grace_seconds:'],
    ['lines of different lengths', 'id,name\nacme,Acme,more\n', 'Invalid Record Length'],
    ['an open quote', 'id,name\nacme,"Acme\n', 'Quote Not Closed'],
    ['one customer twice', 'id,name\nacme,Acme\nacme,Acme 2\n', 'record 2: the customer acme is in record 1 already'],
    ['one agent twice', 'id,name,agents\na,A,x\nb,B,x\n', 'record 2: the agent x is in record 1 already'],
    ['a name without an id', 'id,name\n,Acme\n', 'record 1: id:'],
  ])('takes nothing of a file with %s', async (_, content, problem) => {
    const to = await World.create(test);
    file('bad.csv', content);
    const { status, stdout, stderr } = run('import', 'customers', 'bad.csv', '--partner', to.partnerId);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(problem);
  });

  it('exports balances as they stood at a moment', async () => {
    const world = await World.create(test);
    await world.customer('acme', '10');
    const then = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await world.topUp('acme', '5');
    const of = (...words: string[]) =>
      run('export', 'balances', '--partner', world.partnerId, '--format', 'jsonl', ...words).lines.map(
        (line) => (JSON.parse(line) as { posted: string }).posted,
      );
    expect(of()).toEqual(['0', '15']);
    expect(of('--at', then)).toEqual(['0', '10']);
  });
});
