import { createInstallToken, isInstallTokenOpen, useInstallToken } from '@talktime/core/access';
import { Database } from '@talktime/core/database';
import { createTestDatabase, type TestDatabase } from '../../setup/database';
import { PARTNER } from '../../setup/world';
import { partnerWithCustomers, slackAudit } from './people';

const HOUR = 60 * 60 * 1000;
const NOON = new Date('2026-11-25T12:00:00Z');
const later = (milliseconds: number) => new Date(NOON.getTime() + milliseconds);

let test: TestDatabase;
let partnerId: string;
beforeAll(async () => {
  test = await createTestDatabase();
  partnerId = await partnerWithCustomers(test);
});
afterAll(() => test.drop());

const create = (now = NOON) => createInstallToken(test.database, partnerId, PARTNER, now);

describe('an install link', () => {
  it('is used once, and says for whom and who made it', async () => {
    const { token, expiresAt } = await create();
    expect(expiresAt).toEqual(later(HOUR));
    expect(await isInstallTokenOpen(test.database, token, NOON)).toBe(true);
    expect(await useInstallToken(test.database, token, NOON)).toEqual({ partnerId, actorId: 'key:partner' });
    expect(await useInstallToken(test.database, token, NOON)).toBeNull();
    expect(await isInstallTokenOpen(test.database, token, NOON)).toBe(false);
  });

  it('expires after an hour', async () => {
    const { token } = await create();
    expect(await isInstallTokenOpen(test.database, token, later(HOUR - 1))).toBe(true);
    expect(await isInstallTokenOpen(test.database, token, later(HOUR))).toBe(false);
    expect(await useInstallToken(test.database, token, later(HOUR))).toBeNull();
  });

  it('goes to one of many who use it at once, in two processes', async () => {
    const other = new Database({ url: test.url });
    const { token } = await create();
    const used = await Promise.all(
      Array.from({ length: 12 }, (_, each) => useInstallToken(each % 2 ? other : test.database, token, NOON)),
    );
    await other.close();
    expect(used.filter((installFor) => installFor !== null)).toEqual([{ partnerId, actorId: 'key:partner' }]);
  });

  it.each(['', 'x', 'a'.repeat(43), 'a'.repeat(10_000), "' or 1=1 --"])('%p is none', async (token) => {
    expect(await isInstallTokenOpen(test.database, token, NOON)).toBe(false);
    expect(await useInstallToken(test.database, token, NOON)).toBeNull();
  });

  it('is kept as a hash alone, and its making is audited without it', async () => {
    const { token } = await create();
    const [{ dump }] = (await test.superuser<{ dump: string }>(
      `select string_agg(l::text, ' ') || (select string_agg(a::text, ' ') from talktime.audit_log a) as dump
       from directory.slack_install_links l`,
    )) as [{ dump: string }];
    expect(dump).not.toContain(token);
    expect(dump).not.toContain(Buffer.from(token).toString('hex'));
    expect((await slackAudit(test, partnerId)).at(-1)).toBe('key:partner slack_install_link.created slack {}');
  });

  it('is forgotten a day after it ended', async () => {
    await create(NOON);
    await create(later(25 * HOUR + 1));
    const [left] = await test.superuser<{ n: string }>(
      'select count(*) as n from directory.slack_install_links where expires_at <= $1',
      [later(HOUR)],
    );
    expect(left?.n).toBe('0');
  });
});
