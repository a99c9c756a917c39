import { NodeApiError } from 'n8n-workflow';
import { TopUp } from '../../nodes/TopUp/TopUp.node';
import { API_KEY, failureOf } from './run-node';
import { problem, startService, type ServiceAnswer, type ServiceDouble } from './service';

const parameters = { customer: { __rl: true, mode: 'id', value: 'cus_acme' }, amount: '100', reference: 'invoice-118' };

describe('What a builder reads when something does not work', () => {
  let service: ServiceDouble;
  let answer: ServiceAnswer;

  beforeAll(async () => {
    service = await startService(() => answer);
  });
  afterAll(() => service.close());

  const failure = (given: ServiceAnswer) => {
    answer = given;
    return failureOf(new TopUp(), { parameters, credential: { baseUrl: service.url, apiKey: API_KEY } });
  };

  it.each([
    [401, 'UNAUTHENTICATED', 'No such API key.', "Open the credential 'Talktime API'"],
    [402, 'INSUFFICIENT_CREDITS', 'The balance is 3 credits.', 'Top the wallet up first'],
    [403, 'SCOPE_MISSING', 'This needs the scope "top-up".', 'scope'],
    [404, 'CUSTOMER_NOT_FOUND', 'There is no customer "cus_acme".', "'Customer' to From List"],
    [409, 'IDEMPOTENCY_CONFLICT', 'The key was used for 50 credits.', "a 'Reference' of its own"],
    [429, 'RATE_LIMITED', 'Too many requests.', "'Retry On Fail'"],
  ])('%i %s: our detail, then the next step, then the code', async (status, code, detail, step) => {
    const error = await failure(problem(status, code, detail));

    expect(error).toBeInstanceOf(NodeApiError);
    expect(error.message).toBe(detail);
    expect(error.description).toContain(step);
    expect(error.description).toMatch(new RegExp(`Code: ${code}$`));
    expect(error.httpCode).toBe(String(status));
    expect(error.context?.itemIndex).toBe(0);
  });

  it('names fields as the panel does', async () => {
    const error = await failure(
      problem(400, 'REQUEST_INVALID', 'The request does not have the documented form.', [
        { path: 'idempotency_key', message: 'At most 200 characters' },
      ]),
    );

    expect(error.message).toBe("'Reference': At most 200 characters.");
    expect(error.description).toBe('Code: REQUEST_INVALID');
  });

  it.each([
    [
      'a page of another server',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'did not come from Talktime (HTTP 200)',
    ],
    [
      "a proxy's page",
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway' },
      'did not come from Talktime (HTTP 502)',
    ],
    ['a redirect', { status: 301, headers: { location: 'https://elsewhere.example' } }, 'redirects elsewhere'],
  ])('recognises %s', async (_, given, message) => {
    const error = await failure(given);

    expect(error.message).toContain(message);
    expect(error.description).toContain("'Base URL'");
  });

  it('says that a repeat is safe when nothing answers', async () => {
    const gone = await startService(() => ({}));
    await gone.close();

    const error = await failureOf(new TopUp(), { parameters, credential: { baseUrl: gone.url, apiKey: API_KEY } });

    expect(error.message).toBe('Talktime did not answer');
    expect(error.description).toContain('Nothing is charged twice');
    expect(error.description).toMatch(/Code: ECONNREFUSED$/);
    expect(everythingIn(error)).not.toContain(gone.url);
  });

  it('says so when the Base URL is not an address', async () => {
    const error = await failureOf(new TopUp(), { parameters, credential: { baseUrl: 'talktime', apiKey: API_KEY } });

    expect(error.message).toBe("The 'Base URL' of the credential is not a web address");
  });

  it('never carries a value of the credential', async () => {
    const errors = [
      await failure(problem(401, 'UNAUTHENTICATED', 'No such API key.')),
      await failure({ status: 500, body: 'oops' }),
      await failureOf(new TopUp(), { parameters, credential: { baseUrl: `not-a-url-${API_KEY}`, apiKey: API_KEY } }),
    ];

    for (const error of errors) expect(everythingIn(error)).not.toContain(API_KEY);
  });
});

/** All that n8n would store or show of an error: also what hangs off it. */
function everythingIn(error: Error): string {
  const seen = new Set<unknown>();
  const walk = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    if (seen.has(value)) return '';
    seen.add(value);
    return Object.getOwnPropertyNames(value)
      .map((name) => walk((value as Record<string, unknown>)[name]))
      .join('\n');
  };
  return walk(error);
}
