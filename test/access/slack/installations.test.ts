import {
  bindingOf,
  endSlackInstallation,
  freshSlackInstallation,
  listSlackInstallations,
  listSlackRoles,
  Sealer,
  setSlackRole,
  slackAccess,
  storeSlackInstallation,
  type InTurn,
  type RefreshSlackTokens,
  type SlackGrant,
  type SlackTokens,
} from '@talktime/core/access';
import { getPartner, updatePartner } from '@talktime/core/customers';
import { Database } from '@talktime/core/database';
import { createTestDatabase, type TestDatabase } from '../../setup/database';
import { PARTNER } from '../../setup/world';
import { partnerWithCustomers, slackAudit } from './people';

const HOUR = 60 * 60 * 1000;
const LINK_MAKER = { id: 'key:key_link', host: false };
const sealer = new Sealer(Buffer.alloc(32, 5));

let test: TestDatabase;
let partnerId: string;
let count = 0;
/** A workspace of this test's own. */
let team: string;
beforeAll(async () => void (test = await createTestDatabase()));
afterAll(() => test.drop());
beforeEach(async () => {
  partnerId = await partnerWithCustomers(test);
  team = `T0TEAM${String(++count).padStart(3, '0')}`;
});

function grant(changes: Partial<SlackGrant> = {}): SlackGrant {
  return {
    botToken: 'xoxb-s3cret-bot-token',
    refreshToken: null,
    endsAt: null,
    teamId: team,
    enterpriseId: null,
    isEnterpriseInstall: false,
    appId: 'A0TALK',
    botId: 'B0TALK',
    botUserId: 'U0TALK',
    scopes: ['commands', 'chat:write'],
    installerId: 'U0OLGA',
    ...changes,
  };
}

const install = (changes: Partial<SlackGrant> = {}, of = partnerId) =>
  storeSlackInstallation({ database: test.database, sealer }, of, LINK_MAKER, grant(changes));
const here = () => ({ teamId: team, enterpriseId: null });
const noRefresh: RefreshSlackTokens = () => Promise.reject(new Error('nothing was to be refreshed'));
const fresh = (refresh = noRefresh, workspace: { teamId: string | null; enterpriseId: string | null } = here()) =>
  freshSlackInstallation({ database: test.database, sealer }, workspace, refresh);
const list = (of = partnerId) => listSlackInstallations(test.database, of);
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR);

describe('an installation', () => {
  it('binds the workspace, makes whoever installed it an owner, and says so in the audit log', async () => {
    await install();
    expect(await bindingOf(test.database, here())).toMatchObject({ partnerId });
    expect((await getPartner(test.database, partnerId)).settings.slack_team_id).toBe(team);
    expect(await slackAccess(test.database, { teamId: team, userId: 'U0OLGA' }, here(), null)).toMatchObject({
      role: 'owner',
    });
    // Where the app is installed by OAuth, members see nothing until they have a role.
    expect(await slackAccess(test.database, { teamId: team, userId: 'U0ELSE' }, here(), null)).toBeNull();
    expect(await list()).toEqual([
      {
        workspace_id: team,
        scopes: ['commands', 'chat:write'],
        installer_id: 'U0OLGA',
        installed_at: expect.any(String),
        gone_at: null,
        gone_because: null,
      },
    ]);
    expect(await slackAudit(test, partnerId)).toEqual([
      `key:key_link slack_role.set slack:${team}/U0OLGA {"role": "owner", "customer_id": null, "max_credits": null}`,
      `key:key_link slack.installed ${team} {"scopes": ["commands", "chat:write"]}`,
    ]);
  });

  it('comes back as it was given', async () => {
    const given = grant({ refreshToken: 'xoxe-1-s3cret', endsAt: inHours(12) });
    await storeSlackInstallation({ database: test.database, sealer }, partnerId, LINK_MAKER, given);
    expect(await fresh()).toEqual(given);
  });

  it('keeps its tokens sealed: in no column of any table are they in clear', async () => {
    await install({ botToken: 'xoxb-s3cret-in-clear', refreshToken: 'xoxe-1-s3cret-in-clear', endsAt: inHours(12) });
    const tables = await test.superuser<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_schema in ('talktime', 'directory') and table_type = 'BASE TABLE'`,
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      // Bytes are searched as bytes: their text form is hexadecimal.
      const [row] = await test.superuser<{ dump: string | null }>(
        `select string_agg(t::text, ' ') as dump from ${name} t`,
      );
      for (const secret of ['s3cret-in-clear', Buffer.from('s3cret-in-clear').toString('hex')])
        expect([name, row?.dump?.includes(secret) ?? false]).toEqual([name, false]);
    }
  });

  it('does not open with another key, nor moved to another partner or workspace', async () => {
    await install();
    const elsewhere = new Sealer(Buffer.alloc(32, 6));
    await expect(
      freshSlackInstallation({ database: test.database, sealer: elsewhere }, here(), noRefresh),
    ).rejects.toThrow();
    const other = await partnerWithCustomers(test, 'Another');
    await install({ teamId: 'T0MOVED' }, other);
    await test.superuser(
      `update talktime.slack_installations set sealed =
         (select sealed from talktime.slack_installations where partner_id = $1) where partner_id = $2`,
      [partnerId, other],
    );
    await expect(fresh(noRefresh, { teamId: 'T0MOVED', enterpriseId: null })).rejects.toThrow();
  });

  it("in another partner's workspace is refused, and nothing of it is kept", async () => {
    await install();
    const other = await partnerWithCustomers(test, 'Another');
    await expect(install({ botToken: 'xoxb-of-another' }, other)).rejects.toMatchObject({ code: 'SLACK_TEAM_TAKEN' });
    expect([await list(other), await listSlackRoles(test.database, other)]).toEqual([[], []]);
    expect(await fresh()).toMatchObject({ botToken: 'xoxb-s3cret-bot-token' });
  });

  it('by two partners at once is had by one', async () => {
    const other = await partnerWithCustomers(test, 'Another');
    const outcomes = await Promise.allSettled([install(), install({}, other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await list()).length + (await list(other)).length).toBe(1);
  });

  it('anew takes the place of the one before; an owner stays as they are, and the installer becomes one', async () => {
    await install();
    await setSlackRole(
      test.database,
      partnerId,
      PARTNER,
      { teamId: team, userId: 'U0OLGA' },
      { role: 'owner', max_credits: '5' },
    );
    await setSlackRole(test.database, partnerId, PARTNER, { teamId: team, userId: 'U0MIA' }, { role: 'viewer' });
    await install({ botToken: 'xoxb-second', scopes: ['commands'] });
    await install({ botToken: 'xoxb-third', scopes: ['commands'], installerId: 'U0MIA' });
    expect(await fresh()).toMatchObject({ botToken: 'xoxb-third', installerId: 'U0MIA' });
    expect(await list()).toHaveLength(1);
    expect(
      (await listSlackRoles(test.database, partnerId)).map(({ user_id, role, max_credits }) => [
        user_id,
        role,
        max_credits,
      ]),
    ).toEqual([
      ['U0OLGA', 'owner', 5],
      ['U0MIA', 'owner', null],
    ]);
  });

  it("is shown to nobody by another partner's eyes, nor by the directory's", async () => {
    await install();
    const other = await partnerWithCustomers(test, 'Another');
    expect(await list(other)).toEqual([]);
    const tables = ['slack_installations', 'slack_roles', 'slack_channels', 'slack_settings'];
    for (const table of tables) {
      const count = `select count(*)::int as n from talktime.${table} where partner_id = $1`;
      const seen = [
        ...(await test.database.asPartner(other, (transaction) =>
          transaction.query<{ n: number }>(count, [partnerId]),
        )),
        ...(await test.database.asDirectory((transaction) => transaction.query<{ n: number }>(count, [partnerId]))),
      ];
      expect([table, ...seen.map(({ n }) => n)]).toEqual([table, 0, 0]);
    }
    await expect(
      test.database.asPartner(other, (transaction) =>
        transaction.query(
          "insert into talktime.slack_roles (partner_id, team_id, user_id, role) values ($1, 'T0X', 'U0X', 'owner')",
          [partnerId],
        ),
      ),
    ).rejects.toThrow(/row-level security/);
  });
});

describe('for a whole organisation', () => {
  const org = () => ({ enterpriseId: `E0ORG${count}`, isEnterpriseInstall: true, teamId: null });

  it('stands for every workspace of it, and makes the installer an owner in each', async () => {
    await install(org());
    const workspace = { teamId: team, enterpriseId: org().enterpriseId };
    expect(await fresh(noRefresh, workspace)).toMatchObject({
      isEnterpriseInstall: true,
      botToken: 'xoxb-s3cret-bot-token',
    });
    expect(await fresh(noRefresh, { teamId: null, enterpriseId: org().enterpriseId })).not.toBeNull();
    expect(await fresh(noRefresh, { teamId: team, enterpriseId: null })).toBeNull();
    expect(await slackAccess(test.database, { teamId: team, userId: 'U0OLGA' }, workspace, null)).toMatchObject({
      partnerId,
      role: 'owner',
    });
    expect((await getPartner(test.database, partnerId)).settings.slack_team_id).toBe(org().enterpriseId);
  });

  it('gives way to the installation that a workspace has of its own, and stands in again when that is gone', async () => {
    await install(org());
    await install({ botToken: 'xoxb-own', enterpriseId: org().enterpriseId });
    const workspace = { teamId: team, enterpriseId: org().enterpriseId };
    expect(await fresh(noRefresh, workspace)).toMatchObject({ botToken: 'xoxb-own' });
    await endSlackInstallation(test.database, here(), 'tokens_revoked', inHours(1));
    expect(await fresh(noRefresh, workspace)).toMatchObject({ botToken: 'xoxb-s3cret-bot-token' });
    expect(await slackAccess(test.database, { teamId: team, userId: 'U0OLGA' }, workspace, null)).toMatchObject({
      role: 'owner',
    });
  });

  it("has no say in a workspace of it that is another partner's", async () => {
    await install(org());
    const other = await partnerWithCustomers(test, 'Another');
    await updatePartner(test.database, other, PARTNER, { slack_team_id: team });
    const workspace = { teamId: team, enterpriseId: org().enterpriseId };
    expect(await fresh(noRefresh, workspace)).toBeNull();
    expect(await bindingOf(test.database, workspace)).toEqual({ partnerId: other, workspaceIds: [team] });
  });
});

describe('an installation ends', () => {
  const end = (because: 'app_uninstalled' | 'tokens_revoked', at = inHours(0)) =>
    endSlackInstallation(test.database, here(), because, at);

  it.each(['app_uninstalled', 'tokens_revoked'] as const)(
    'by %s: its tokens are erased, its roles stay',
    async (because) => {
      await install();
      await end(because);
      await end(because); // Slack repeats events
      expect(await fresh()).toBeNull();
      expect(await list()).toMatchObject([{ gone_because: because, gone_at: expect.any(String) }]);
      const [row] = await test.superuser<{ sealed: Buffer | null }>(
        'select sealed from talktime.slack_installations where partner_id = $1',
        [partnerId],
      );
      expect(row?.sealed).toBeNull();
      expect(await listSlackRoles(test.database, partnerId)).toHaveLength(1);
      expect((await slackAudit(test, partnerId)).filter((line) => line.includes('slack.gone'))).toEqual([
        `slack slack.gone ${team} {"because": "${because}"}`,
      ]);
    },
  );

  it('once: what happened before it was installed again changes nothing, however late it is told', async () => {
    await install();
    const removed = new Date(Math.floor(Date.now() / 1000) * 1000 - 2000);
    await install({ botToken: 'xoxb-again' });
    await end('app_uninstalled', removed);
    await end('tokens_revoked', removed);
    expect(await fresh()).toMatchObject({ botToken: 'xoxb-again' });
  });

  it('in the very second of its making, which Slack tells cut off', async () => {
    await install();
    await end('app_uninstalled', new Date(Math.floor(Date.now() / 1000) * 1000));
    expect(await fresh()).toBeNull();
  });

  it('and can be made again, by the same partner', async () => {
    await install();
    await end('app_uninstalled');
    await install({ botToken: 'xoxb-again' });
    expect(await fresh()).toMatchObject({ botToken: 'xoxb-again' });
    expect(await list()).toMatchObject([{ gone_at: null, gone_because: null }]);
  });

  it("of a removed app frees the workspace, once the partner's setting does not name it", async () => {
    await install();
    const other = await partnerWithCustomers(test, 'Another');
    await end('app_uninstalled');
    await expect(install({}, other)).rejects.toMatchObject({ code: 'SLACK_TEAM_TAKEN' });
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: null });
    await install({}, other);
    expect(await bindingOf(test.database, here())).toMatchObject({ partnerId: other });
  });

  it("of a removed app in a partner's second workspace frees that one at once", async () => {
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: 'T0MAIN' });
    await install();
    await end('app_uninstalled');
    await install({}, await partnerWithCustomers(test, 'Another'));
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: null });
  });

  it('while the setting is cleared, or not at all: an installed workspace stays bound', async () => {
    await install();
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: null });
    expect(await bindingOf(test.database, here())).toMatchObject({ partnerId });
  });

  it('of an unknown workspace without a sound', async () => {
    await end('app_uninstalled');
  });
});

describe('a token that ends', () => {
  /** Slack, as far as it trades tokens: each refresh token works once. */
  class Trading {
    readonly asked: string[] = [];
    readonly #used = new Set<string>();
    constructor(readonly milliseconds = 30) {}

    readonly refresh: RefreshSlackTokens = async (refreshToken): Promise<SlackTokens | null> => {
      this.asked.push(refreshToken);
      await new Promise((done) => setTimeout(done, this.milliseconds));
      if (this.#used.has(refreshToken)) return null;
      this.#used.add(refreshToken);
      const next = this.#used.size + 1;
      return { botToken: `xoxe.xoxb-${next}`, refreshToken: `xoxe-${next}`, endsAt: inHours(12) };
    };
  }
  const down: RefreshSlackTokens = () => Promise.reject(new Error('Slack is down'));
  const rotating = (hours: number) =>
    install({ botToken: 'xoxe.xoxb-1', refreshToken: 'xoxe-1', endsAt: inHours(hours) });

  it('in more than two hours is used as it is', async () => {
    await rotating(2.1);
    expect(await fresh()).toMatchObject({ botToken: 'xoxe.xoxb-1' });
  });

  it('earlier is traded in, and what came for it is kept, sealed', async () => {
    await rotating(1);
    const { refresh, asked } = new Trading();
    expect(await fresh(refresh)).toMatchObject({ botToken: 'xoxe.xoxb-2', refreshToken: 'xoxe-2', botId: 'B0TALK' });
    expect(await fresh()).toMatchObject({ botToken: 'xoxe.xoxb-2' });
    expect(asked).toEqual(['xoxe-1']);
  });

  it.each([
    ['has ended, so that everybody waits', -1, ['xoxe.xoxb-2']],
    ['works for an hour yet, so that nobody waits but one', 1, ['xoxe.xoxb-1', 'xoxe.xoxb-2']],
  ])('and %s: 20 who ask at once in two processes make one refresh', async (_which, hours, tokens) => {
    await rotating(hours);
    const other = new Database({ url: test.url });
    const trading = new Trading(200);
    const got = await Promise.all(
      Array.from({ length: 20 }, (_, each) =>
        freshSlackInstallation({ database: each % 2 ? other : test.database, sealer }, here(), trading.refresh),
      ),
    );
    await other.close();
    expect(trading.asked).toEqual(['xoxe-1']);
    expect([...new Set(got.map((each) => each?.botToken))].sort()).toEqual(tokens);
    expect(got.filter((each) => each?.botToken === 'xoxe.xoxb-2').length).toBeGreaterThan(0);
    expect(await fresh()).toMatchObject({ botToken: 'xoxe.xoxb-2', refreshToken: 'xoxe-2' });
  });

  it('is used on while Slack is down, and traded in when it is back', async () => {
    await rotating(0.02);
    expect(await fresh(down)).toMatchObject({ botToken: 'xoxe.xoxb-1' });
    expect(await fresh(new Trading().refresh)).toMatchObject({ botToken: 'xoxe.xoxb-2' });
  });

  it('and has ended while Slack is down is an error for whoever asks, and nothing is lost', async () => {
    await rotating(-1);
    await expect(fresh(down)).rejects.toThrow('Slack is down');
    expect(await fresh(new Trading().refresh)).toMatchObject({ botToken: 'xoxe.xoxb-2' });
  });

  it('and is refused for good is used up, without asking again, and then the installation is gone', async () => {
    await rotating(1);
    const refused = jest.fn<Promise<SlackTokens | null>, [string]>(() => Promise.resolve(null));
    expect(await fresh(refused)).toMatchObject({ botToken: 'xoxe.xoxb-1' });
    expect(await fresh(refused)).toMatchObject({ botToken: 'xoxe.xoxb-1' });
    expect(refused).toHaveBeenCalledTimes(1);
    const later = () => inHours(2);
    const vault = { database: test.database, sealer };
    expect(await freshSlackInstallation(vault, here(), refused, { now: later })).toBeNull();
    expect(await list()).toMatchObject([{ gone_because: 'refresh_refused' }]);
    expect(await bindingOf(test.database, here())).toMatchObject({ partnerId }); // to be installed again by the same partner
  });

  it('has ended and is refused for good: the installation is gone at once', async () => {
    await rotating(-1);
    expect(await fresh(() => Promise.resolve(null))).toBeNull();
    expect(await list()).toMatchObject([{ gone_because: 'refresh_refused' }]);
    expect(await fresh()).toBeNull();
  });

  it('and the app is removed meanwhile: it stays removed', async () => {
    await rotating(-1);
    const trading = new Trading(150);
    const renewing = fresh(trading.refresh);
    while (trading.asked.length === 0) await new Promise((tick) => setTimeout(tick, 5));
    await endSlackInstallation(test.database, here(), 'app_uninstalled', inHours(0));
    await renewing;
    expect(await fresh()).toBeNull();
    expect(await list()).toMatchObject([{ gone_because: 'app_uninstalled' }]);
  });

  it('is renewed in turn, so that few hold a connection while Slack is slow', async () => {
    await rotating(1);
    let turns = 0;
    const inTurn: InTurn = (work) => {
      turns += 1;
      return work();
    };
    const vault = { database: test.database, sealer };
    await freshSlackInstallation(vault, here(), new Trading().refresh, { inTurn });
    await freshSlackInstallation(vault, here(), noRefresh, { inTurn });
    expect(turns).toBe(1);
  });
});
