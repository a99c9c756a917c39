import type Stripe from 'stripe';

/** What somebody else's Stripe is held against ours by: the answer to a call, or its refusal. */
export type Told =
  | { readonly kind: 'answer'; readonly answer: Record<string, unknown> }
  | { readonly kind: 'refusal'; readonly refusal: Refused };

export interface Refused {
  readonly status: number | undefined;
  readonly type: string;
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly message: string;
}

export async function told(call: Promise<unknown>): Promise<Told> {
  try {
    return { kind: 'answer', answer: JSON.parse(JSON.stringify(await call)) as Record<string, unknown> };
  } catch (thrown) {
    const { statusCode, rawType, code, param, message } = thrown as Stripe.errors.StripeError;
    return { kind: 'refusal', refusal: { status: statusCode, type: String(rawType), code, param, message } };
  }
}

export async function refused(call: Promise<unknown>): Promise<Refused> {
  const what = await told(call);
  if (what.kind === 'answer') throw new Error(`It was not refused: ${JSON.stringify(what.answer)}`);
  return what.refusal;
}

/** The paths of everything in an answer, with what stands there: values as they are, but what each makes for itself by its kind. */
export function said(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length > 0 ? said(value[0], `${at}[]`) : [`${at} []`];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => said(inner, at === '' ? key : `${at}.${key}`));
  if (typeof value === 'string' && /^(https?:|[a-z]+_[A-Za-z0-9_-]{10,}$|[A-Za-z0-9]{16}$)/.test(value))
    return [
      `${at} <${value.startsWith('http') ? 'url' : value.includes('_') ? value.slice(0, value.indexOf('_')) : 'made up'}>`,
    ];
  if (typeof value === 'number' && value > 1_000_000_000) return [`${at} <time>`];
  return [`${at} ${JSON.stringify(value)}`];
}

/** What they say and we do not, or not so. */
export function unlike(ours: unknown, theirs: unknown): string[] {
  const we = new Set(said(ours));
  return said(theirs).filter((path) => !we.has(path));
}
