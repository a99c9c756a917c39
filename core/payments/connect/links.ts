import type { Sealer } from '../../access/seal';
import { TalktimeError } from '../../contract/errors';
import type { PaymentContext } from '../context';
import { HOST_ACCOUNT, type Account } from '../stripe';

interface Content {
  readonly partner: string;
  readonly account: Account;
  /** Seconds. */
  readonly until: number;
}

export interface OnboardingLink {
  readonly url: string;
  readonly expiresAt: Date;
}

const PURPOSE = 'onboarding link';
/** For so long Stripe's pages may be left and taken up again by the same link. */
const VALID_SECONDS = 24 * 60 * 60;

/**
 * Makes a link to Stripe's page for the account's owner. It opens once, within minutes, and shows what the owner told
 * Stripe: it goes to nobody else. Where Stripe sends the browser back to is sealed, and good for a day.
 */
export async function createOnboardingLink(
  { stripe, publicUrl }: Pick<PaymentContext, 'stripe' | 'publicUrl'>,
  sealer: Sealer,
  partnerId: string,
  account: Account,
): Promise<OnboardingLink> {
  if (publicUrl === undefined)
    throw new TalktimeError(
      'PAYMENTS_OFF',
      'The service does not know where it is reached from outside, and Stripe sends browsers back to it. Whoever runs it sets PUBLIC_URL.',
    );
  const until = Math.floor(Date.now() / 1000) + VALID_SECONDS;
  const content: Content = { partner: partnerId, account, until };
  const token = sealer.seal(JSON.stringify(content), PURPOSE).toString('base64url');
  const link = await stripe.ask(HOST_ACCOUNT, (client) =>
    client.accountLinks.create({
      account,
      type: 'account_onboarding',
      collection_options: { fields: 'eventually_due' },
      return_url: `${publicUrl}/pay/connect/${token}`,
      refresh_url: `${publicUrl}/pay/connect/${token}/again`,
    }),
  );
  return { url: link.url, expiresAt: new Date(link.expires_at * 1000) };
}

/** Whose account a token is about; null when it is none of ours, or has run out. */
export function openOnboardingToken(
  sealer: Sealer,
  token: string,
): { readonly partnerId: string; readonly account: Account } | null {
  try {
    const { partner, account, until } = JSON.parse(sealer.open(Buffer.from(token, 'base64url'), PURPOSE)) as Content;
    return until * 1000 > Date.now() ? { partnerId: partner, account } : null;
  } catch {
    return null; // not sealed by us, or for something else
  }
}
