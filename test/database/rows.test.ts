import { column, type RowType } from '@talktime/core/database';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import fc from 'fast-check';

interface Row {
  readonly id: string | null;
  readonly text: string | null;
  readonly small: number | null;
  readonly whole: number | null;
  readonly big: bigint | null;
  readonly bytes: string | null;
  readonly moment: number | null;
  readonly json: string | null;
}

const EVERY_KIND: RowType<Row> = {
  name: 'every_row',
  columns: [
    column.uuid((row) => row.id),
    column.text((row) => row.text),
    column.int2((row) => row.small),
    column.int4((row) => row.whole),
    column.int8((row) => row.big),
    column.bytea((row) => row.bytes),
    column.timestamptz((row) => row.moment),
    column.jsonb((row) => row.json),
  ],
};

const PARTNER = '00000000-0000-4000-8000-00000000000a';

describe('rows as one parameter', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
    await test.superuser(
      `create type talktime.every_row as
         (id uuid, text text, small smallint, whole integer, big bigint, bytes bytea, moment timestamptz, json jsonb)`,
    );
  });
  afterAll(() => test.drop());

  const through = (rows: readonly Row[]) =>
    test.database.asPartner(PARTNER, (transaction) =>
      transaction.query(
        `select id, text, small, whole, big, encode(bytes, 'hex') as bytes, (extract(epoch from moment) * 1000)::float8 as moment, json::text as json
         from unnest($1::talktime.every_row[])`,
        [transaction.rows(EVERY_KIND, rows)],
      ),
    );

  it('arrive as they were sent, whatever is in them', async () => {
    const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 });
    const row = fc.record({
      id: nullable(fc.uuid()),
      // PostgreSQL holds no NUL in a text.
      text: nullable(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))),
      small: nullable(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
      whole: nullable(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      big: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      bytes: nullable(fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('hex'))),
      moment: nullable(fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })).map(
        (date) => date && date.getTime(),
      ),
      json: nullable(fc.constantFrom('{"a": 1}', '[]', '"ü€𐍈"', 'null')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        expect(await through(rows)).toEqual(rows);
      }),
      { numRuns: 200 },
    );
  });

  it('are refused when the database has no such type', async () => {
    await expect(
      test.database.asPartner(PARTNER, async (transaction) => transaction.rows({ ...EVERY_KIND, name: 'no_row' }, [])),
    ).rejects.toThrow('no row type talktime.no_row');
  });
});
