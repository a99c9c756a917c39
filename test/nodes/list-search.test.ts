import { ApplyPlan } from '../../nodes/ApplyPlan/ApplyPlan.node';
import { TopUp } from '../../nodes/TopUp/TopUp.node';
import { API_KEY, loadOptionsContext } from './run-node';
import { problem, startService, type ServiceDouble } from './service';

const CUSTOMERS = ['Acme Dental', 'Bolt Plumbing', 'Acorn Law'].map((name, index) => ({ id: `cus_${index}`, name }));
const PLANS = [
  { id: 'starter', name: 'Starter', credits: null, minutes: 100, price: 60, currency: 'USD', active: true },
  { id: 'old', name: 'Old', credits: 5, minutes: null, price: 1, currency: 'USD', active: false },
  { id: 'pro', name: 'Pro', credits: 5000, minutes: null, price: 45.5, currency: 'EUR', active: true },
];

describe('Lists to choose from', () => {
  let service: ServiceDouble;
  const context = (node: TopUp | ApplyPlan, apiKey = API_KEY) =>
    loadOptionsContext(node, { baseUrl: service.url, apiKey });

  beforeAll(async () => {
    service = await startService(({ path, query, headers }) => {
      if (headers.authorization !== `Bearer ${API_KEY}`) return problem(401, 'UNAUTHENTICATED', 'No such API key.');
      const matches = ({ name }: { name: string }) => name.toLowerCase().includes((query.search ?? '').toLowerCase());
      if (path === '/v1/plans') return { body: { items: PLANS.filter(matches), next_cursor: null } };
      const found = CUSTOMERS.filter(matches);
      const from = Number(query.cursor ?? 0);
      return {
        body: { items: found.slice(from, from + 2), next_cursor: from + 2 < found.length ? String(from + 2) : null },
      };
    });
  });
  beforeEach(() => (service.requests.length = 0));
  afterAll(() => service.close());

  it('lists customers a page at a time', async () => {
    const { searchCustomers } = new TopUp().methods.listSearch;

    const first = await searchCustomers.call(context(new TopUp()));
    const second = await searchCustomers.call(context(new TopUp()), undefined, first.paginationToken);

    expect(first.results).toEqual([
      { name: 'Acme Dental (cus_0)', value: 'cus_0' },
      { name: 'Bolt Plumbing (cus_1)', value: 'cus_1' },
    ]);
    expect(second).toEqual({ results: [{ name: 'Acorn Law (cus_2)', value: 'cus_2' }], paginationToken: undefined });
    expect(service.requests.map(({ query }) => query)).toEqual([{ limit: '50' }, { limit: '50', cursor: '2' }]);
  });

  it('lets the service search the customers', async () => {
    const { results } = await new TopUp().methods.listSearch.searchCustomers.call(context(new TopUp()), 'ac');

    expect(results.map(({ name }) => name)).toEqual(['Acme Dental (cus_0)', 'Acorn Law (cus_2)']);
    expect(service.requests[0]?.query).toMatchObject({ search: 'ac' });
  });

  it('lists the active plans with what is in them and what they cost', async () => {
    const { searchPlans } = new ApplyPlan().methods.listSearch;

    const all = await searchPlans.call(context(new ApplyPlan()));
    const found = await searchPlans.call(context(new ApplyPlan()), 'start');

    expect(all.results).toEqual([
      { name: 'Starter: 100 minutes for 60 USD', value: 'starter' },
      { name: 'Pro: 5000 credits for 45.5 EUR', value: 'pro' },
    ]);
    expect(found.results.map(({ value }) => value)).toEqual(['starter']);
  });

  it('says why a list stays empty', async () => {
    const searching = new TopUp().methods.listSearch.searchCustomers.call(context(new TopUp(), 'tt_wrong'));

    await expect(searching).rejects.toThrow('No such API key.');
  });
});
