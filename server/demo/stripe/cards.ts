import { createHash } from 'node:crypto';

/** Why a bank says no, as an error's code and decline code. */
export interface Decline {
  readonly code: string;
  /** '' where docs.stripe.com/testing has none: the code says it already. */
  readonly declineCode: string;
  readonly message: string;
}

/** One of docs.stripe.com/testing's cards. */
export interface TestCard {
  readonly number: string;
  readonly brand: 'visa' | 'mastercard' | 'amex';
  /** Each charge of it is declined so; also when it is to be saved, unless `attaches`. */
  readonly decline?: Decline;
  readonly attaches?: boolean;
  /**
   * When its bank wants its owner to authenticate: always; or unless the card was set up for later payments with its
   * owner present.
   */
  readonly authentication?: 'always' | 'unless set up';
  /** The name by which the API knows a payment method of it: pm_card_… */
  readonly token?: string;
}

function declined(declineCode: string, message = 'Your card was declined.', code = 'card_declined'): Decline {
  return { code, declineCode, message };
}

const CARDS: readonly TestCard[] = [
  { number: '4242424242424242', brand: 'visa', token: 'pm_card_visa' },
  { number: '5555555555554444', brand: 'mastercard', token: 'pm_card_mastercard' },
  { number: '378282246310005', brand: 'amex', token: 'pm_card_amex' },
  {
    number: '4000000000000002',
    brand: 'visa',
    token: 'pm_card_visa_chargeDeclined',
    decline: declined('generic_decline'),
  },
  {
    number: '4000000000009995',
    brand: 'visa',
    token: 'pm_card_visa_chargeDeclinedInsufficientFunds',
    decline: declined('insufficient_funds', 'Your card has insufficient funds.'),
  },
  {
    number: '4000000000009987',
    brand: 'visa',
    token: 'pm_card_visa_chargeDeclinedLostCard',
    decline: declined('lost_card'),
  },
  {
    number: '4000000000009979',
    brand: 'visa',
    token: 'pm_card_visa_chargeDeclinedStolenCard',
    decline: declined('stolen_card'),
  },
  {
    number: '4000000000000069',
    brand: 'visa',
    token: 'pm_card_chargeDeclinedExpiredCard',
    decline: declined('', 'Your card has expired.', 'expired_card'),
  },
  {
    number: '4000000000000127',
    brand: 'visa',
    token: 'pm_card_chargeDeclinedIncorrectCvc',
    decline: declined('', "Your card's security code is incorrect.", 'incorrect_cvc'),
  },
  {
    number: '4000000000000119',
    brand: 'visa',
    token: 'pm_card_chargeDeclinedProcessingError',
    decline: declined(
      '',
      'An error occurred while processing your card. Try again in a little bit.',
      'processing_error',
    ),
  },
  // "Decline after attaching": attaching this card succeeds, but attempts to charge it fail.
  {
    number: '4000000000000341',
    brand: 'visa',
    token: 'pm_card_chargeCustomerFail',
    decline: declined('generic_decline'),
    attaches: true,
  },
  { number: '4000002500003155', brand: 'visa', authentication: 'unless set up' },
  { number: '4000002760003184', brand: 'visa', token: 'pm_card_authenticationRequired', authentication: 'always' },
  {
    number: '4000008260003178',
    brand: 'visa',
    token: 'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
    authentication: 'unless set up',
    decline: declined('insufficient_funds', 'Your card has insufficient funds.'),
    attaches: true,
  },
];

export const OK_CARD = '4242424242424242';

/** null: none of the test cards. */
export function cardOf(numberOrToken: string): TestCard | null {
  const digits = numberOrToken.replaceAll(' ', '');
  return CARDS.find(({ number, token }) => number === digits || token === numberOrToken) ?? null;
}

/** One card has one fingerprint, however often it is entered. */
export function fingerprintOf(card: TestCard): string {
  return createHash('sha256').update(card.number).digest('base64url').replaceAll(/[-_]/g, 'x').slice(0, 16);
}
