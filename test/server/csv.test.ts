import type { StatementLine } from '@talktime/core/contract';
import { statementCsv } from '../../server/csv';
import { TestApi } from './harness';

const line = (fields: Partial<StatementLine>): StatementLine => ({
  sequence: 1,
  type: 'Used',
  amount: -12.2,
  balance: 87.8,
  note: '',
  date: '2026-11-22T16:01:01.500Z',
  operation_id: '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69',
  kind: 'call',
  call: { provider: 'retell', call_id: 'call_1' },
  actor: 'key:key_1',
  receipt: null,
  receipt_url: null,
  ...fields,
});
const cells = (fields: Partial<StatementLine>) => statementCsv([line(fields)]).split('\r\n')[1];

describe('a statement as CSV', () => {
  it('has the columns that users know first, and line ends of RFC 4180', () => {
    expect(statementCsv([line({})])).toBe(
      'Type,Amount,Balance,Note,Date,Kind,Provider,Call,Actor,Operation,Receipt\r\n' +
        'Used,-12.2,87.8,,2026-11-22T16:01:01.500Z,call,retell,call_1,key:key_1,018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69,\r\n',
    );
  });

  it.each([
    ['=HYPERLINK("https://evil.example")', `"'=HYPERLINK(""https://evil.example"")"`],
    ['+1 415 555', "'+1 415 555"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['＝1', "'＝1"],
    ['plain, with a comma', '"plain, with a comma"'],
    ['two\nlines', '"two\nlines"'],
    ['say "hi"', '"say ""hi"""'],
  ])('writes the note %j so that no spreadsheet calculates it', (note, cell) => {
    expect(statementCsv([line({ note })])).toContain(`,${cell},2026`);
  });

  it.each([
    [-0.000001, '-0.000001'],
    [7_999_999_999.999999, '7999999999.999999'],
    [100, '100'],
    [1e-6, '0.000001'],
    [0, '0'],
  ])('writes %d as %s', (amount, text) => {
    expect(cells({ amount })).toContain(`Used,${text},`);
  });

  describe('over HTTP', () => {
    let api: TestApi;
    beforeAll(async () => {
      api = await TestApi.start();
      await api.createCustomer('cus_csv');
      for (const amount of ['10', '20', '30']) {
        await api.post('/v1/top-ups', { customer_id: 'cus_csv', amount, note: `=${amount}`, idempotency_key: amount });
      }
    });
    afterAll(() => api.stop());

    it.each([
      ['the header Accept', '/v1/statement?customer_id=cus_csv', { accept: 'text/csv' }],
      ['a list that prefers it', '/v1/statement?customer_id=cus_csv', { accept: 'text/csv, application/json;q=0.5' }],
      ['?format=csv', '/v1/statement?customer_id=cus_csv&format=csv', {}],
    ])('comes by %s', async (_, path, headers) => {
      const answer = await api.get(path, { headers });
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(answer.headers.get('content-disposition')).toBe('attachment; filename="statement-cus_csv.csv"');
      const [, first] = answer.text.split('\r\n');
      expect(first).toMatch(/^Added,30,60,'=30,/);
      expect(answer.text.split('\r\n')).toHaveLength(5);
    });

    it('is JSON for everybody else', async () => {
      for (const accept of ['*/*', 'application/json', 'text/html, */*']) {
        const answer = await api.get('/v1/statement?customer_id=cus_csv', { headers: { accept } });
        expect(answer.headers.get('content-type')).toContain('application/json');
      }
    });

    it('links to the next page', async () => {
      const first = await api.get('/v1/statement?customer_id=cus_csv&format=csv&limit=2');
      const [, next] = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link')!)!;
      const second = await api.get(next!);
      expect(second.text.split('\r\n')[1]).toMatch(/^Added,10,10,/);
      expect(second.headers.get('link')).toBeNull();
    });
  });
});
