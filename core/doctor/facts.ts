import type { Status } from '../alerts/levels';
import type { Microcredits, Rate } from '../money';
import type { Troubled } from '../payments/troubled';

/** Payments that somebody should look at, oldest first. */
export type PaymentFacts = readonly Pick<Troubled, 'paymentId' | 'name' | 'money' | 'kind' | 'why'>[];

/** What the doctor looks at of a customer. Amounts in microcredits, money in millionths of the currency, moments in milliseconds. */
export interface CustomerFacts {
  readonly now: number;
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly funding: 'independent' | 'allocated';
  readonly disputePolicy: 'hold' | 'stop';
  readonly settings: {
    readonly aiCreditsEnabled: boolean;
    readonly graceSeconds: number;
    readonly overdraft: Microcredits;
    readonly notificationsEnabled: boolean;
    readonly showPricing: boolean;
    readonly portal: boolean;
    readonly restrictPlans: boolean;
    readonly visiblePlanIds: readonly string[];
    readonly maxCallSeconds: number;
    readonly maxConcurrentCalls: number | null;
    readonly maxSpendPerDay: Microcredits | null;
    readonly maxSpendPerMonth: Microcredits | null;
  };
  /** Who pays with AI Credits on; null until a price is set. */
  readonly rate: Rate | null;
  readonly partner: {
    readonly rate: Rate | null;
    readonly posted: Microcredits;
    readonly held: Microcredits;
    readonly disputed: Microcredits;
  };
  readonly wallet: {
    readonly walletId: number;
    readonly episode: number;
    readonly status: Status;
    readonly posted: Microcredits;
    readonly held: Microcredits;
    readonly disputed: Microcredits;
    readonly openDisputes: number;
    /** Levels of low and critical that are set, and the highest balance that one of them comes to; null when none applies. */
    readonly levels: number;
    readonly warnsAt: Microcredits | null;
    /** The balance just after the latest top-up or plan; null when there never was one. */
    readonly afterTopUp: Microcredits | null;
  };
  readonly calls: {
    /** Of the last 30 days. */
    readonly recent: number;
    /** Of those, the ones that the customer paid and whose cost is known: how many, their price and their cost. */
    readonly costed: { readonly count: number; readonly price: bigint; readonly cost: bigint };
    readonly lastAt: number | null;
    /** In the 14 days that end with the last call. */
    readonly beforeLast: number;
    /** Credits that are used in an hour, by the last 7 days; null with less than a day of history, and without use. */
    readonly pacePerHour: Microcredits | null;
    readonly today: Microcredits;
    readonly thisMonth: Microcredits;
  };
  readonly mappings: number;
  /** Calls in suspense whose agent, number or metadata points to this customer. */
  readonly suspended: number;
  readonly holds: {
    readonly live: number;
    readonly amount: Microcredits;
    readonly stale: number;
    readonly staleAmount: Microcredits;
  };
  /** The ids of the partner's active plans. */
  readonly activePlans: readonly string[];
  readonly slack: { readonly isConnected: boolean; readonly channels: number };
  /** Accounts at providers that its calls come from and whose deliveries of the last 7 days could not be used. */
  readonly failing: readonly FailingEndpoint[];
  readonly payments: PaymentFacts;
}

export interface FailingEndpoint {
  readonly provider: string;
  readonly account: string;
  readonly count: number;
  /** What the last of them said. */
  readonly message: string | null;
}

/** What the doctor looks at of the partner itself. */
export interface PartnerFacts {
  readonly now: number;
  readonly alerts: {
    readonly slackChannel: boolean;
    /** Addresses that alerts are mailed to. */
    readonly emails: number;
    /** Routes that are not tried until they are mended, the oldest's reason, and messages of the last 7 days that were given up. */
    readonly deadRoutes: number;
    readonly deadReason: string | null;
    readonly undelivered: number;
    /** Outgoing webhooks that hear of balances. */
    readonly listeners: number;
    /** Wallets whose notifications are on. */
    readonly wanted: number;
  };
  readonly slack: { readonly isConnected: boolean; readonly isGone: boolean; readonly owners: number };
  readonly webhooks: { readonly count: number; readonly failing: readonly FailingWebhook[] };
  readonly endpoints: readonly {
    readonly provider: string;
    readonly account: string;
    readonly createdAt: number;
    /** null when nothing came, or not in the days that deliveries are kept. */
    readonly lastAt: number | null;
  }[];
  readonly failing: readonly FailingEndpoint[];
  readonly wallet: {
    readonly posted: Microcredits;
    readonly status: Status;
    /** Whether calls are paid from it: AI Credits off somewhere, tracked cost, allocated credits, or the policy partner. */
    readonly isDrawnOn: boolean;
  };
  readonly suspended: number;
  readonly payments: {
    /** Whether there is a Stripe key; null when nobody said. */
    readonly isOn: boolean | null;
    readonly troubled: PaymentFacts;
    readonly waiting: { readonly count: number; readonly lastError: string | null };
    /** What the newest comparison with Stripe left, and the first of it; null when it left nothing. */
    readonly differing: {
      readonly count: number;
      readonly title: string;
      readonly detail: string;
      readonly next: string;
    } | null;
    /** The connected account that it sells on; null: it has none, or sells on the host's. */
    readonly account: {
      readonly chargesEnabled: boolean;
      readonly refusal: string | null;
      /** In words. */
      readonly due: readonly string[];
    } | null;
    /** Metered customers whose usage Stripe does not take, and one of them; null: there is none. */
    readonly untold: { readonly count: number; readonly first: string; readonly error: string } | null;
  };
}

export interface FailingWebhook {
  readonly id: string;
  readonly description: string;
  /** Events of the last 7 days that were given up. */
  readonly failed: number;
  readonly lastError: string | null;
}
