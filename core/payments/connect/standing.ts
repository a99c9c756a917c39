import type Stripe from 'stripe';

/** How a connected account stands at Stripe. */
export interface AccountStanding {
  readonly chargesEnabled: boolean;
  readonly payoutsEnabled: boolean;
  readonly detailsSubmitted: boolean;
  /** What Stripe wants to know yet, by Stripe's names. */
  readonly due: readonly string[];
  /** Why no charges are made; null while they are. */
  readonly refusal: string | null;
}

export const ACCESS_LOST =
  'Stripe gives no access to the account any more: its owner has disconnected it, or it was closed. Connect again.';

/** Reads it off what Stripe says; `null`: there is no access to the account. */
export function accountStandingOf(account: Stripe.Account | null): AccountStanding {
  if (!account)
    return {
      chargesEnabled: false,
      payoutsEnabled: false,
      detailsSubmitted: false,
      due: [],
      refusal: ACCESS_LOST,
    };
  const { requirements } = account;
  const due = [...new Set([...(requirements?.past_due ?? []), ...(requirements?.currently_due ?? [])])];
  return {
    chargesEnabled: account.charges_enabled,
    payoutsEnabled: account.payouts_enabled,
    detailsSubmitted: account.details_submitted,
    due,
    refusal: account.charges_enabled ? null : refusalWords(account.details_submitted, requirements?.disabled_reason),
  };
}

function refusalWords(isSubmitted: boolean, reason: string | null | undefined): string {
  if (!isSubmitted) return 'Stripe has not been told yet who the business is.';
  if (reason == null) return 'Stripe looks at what it was told.';
  if (reason.startsWith('rejected.')) return 'Stripe has rejected the account. Its owner asks Stripe.';
  return (
    {
      'requirements.past_due': 'Stripe wants to know more before payments can be taken again.',
      'requirements.pending_verification': 'Stripe checks what it was told.',
      under_review: 'Stripe reviews the account.',
      listed: 'Stripe reviews the account.',
      platform_paused: 'Whoever runs the platform has paused the account.',
    }[reason] ?? `Stripe has switched charges off (${reason}).`
  );
}

/** What Stripe wants, in words that its owner understands; what comes to the same is said once. */
export function dueWords(due: readonly string[]): string[] {
  return [...new Set(due.map(wordsOf))];
}

/** By the beginning of Stripe's names. https://docs.stripe.com/connect/required-verification-information */
const WORDS: readonly (readonly [name: RegExp, words: string])[] = [
  [/^external_account/, 'A bank account for payouts'],
  [/^tos_acceptance/, "The acceptance of Stripe's terms"],
  [/^business_type/, 'What kind of business it is'],
  [/^business_profile\.url/, "The business's web site"],
  [/^business_profile\.mcc/, "The business's industry"],
  [/^business_profile/, 'What the business does, and how to reach it'],
  [/verification\.(additional_)?document/, 'A document that shows who somebody is'],
  [/\.(dob|address|email|phone|first_name|last_name|id_number|ssn_last_4|nationality)/, 'Details of a person'],
  [/^(individual|person_)/, 'Details of a person'],
  [/^(representative|relationship\.representative)/, 'Who represents the business'],
  [/^(owners|relationship\.owner|company\.owners_provided)/, 'Who owns the business'],
  [/^(directors|executives|company\.(directors|executives)_provided)/, 'Who leads the business'],
  [/^company/, 'Details of the company'],
  [/^settings\.payments\.statement_descriptor/, "What stands on payers' card statements"],
];

function wordsOf(name: string): string {
  const known = WORDS.find(([pattern]) => pattern.test(name));
  return known?.[1] ?? name.replaceAll(/[._]/g, ' ');
}
