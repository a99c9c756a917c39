import type { Plan } from '@talktime/core/contract';
import type { SlackActor } from './actor';

/** What of a call is its customer's from now on, so that the next one needs nobody. */
export type MapKind = 'agent' | 'phone_number' | 'metadata';

/** Something that moves credits or settles a call, waiting for its confirmation. Amounts are decimal text, as somebody typed them. */
export type MoneyDraft =
  | { readonly kind: 'top_up'; readonly customerId: string; readonly amount: string; readonly note: string }
  | { readonly kind: 'adjustment'; readonly customerId: string; readonly amount: string; readonly note: string }
  | { readonly kind: 'plan'; readonly customerId: string; readonly planId: string }
  | {
      readonly kind: 'reversal';
      readonly customerId: string;
      readonly operationId: string;
      /** null: all that is left of it. */
      readonly amount: string | null;
      readonly note: string;
    }
  | {
      readonly kind: 'assignment';
      readonly customerId: string;
      readonly callId: string;
      readonly map: MapKind | null;
    }
  | { readonly kind: 'dismissal'; readonly callId: string; readonly reason: string };

/** What a draft would do, in credits as they go over the wire. */
export interface Preview {
  /** null: it is about no customer. */
  readonly customerName: string | null;
  /** Whose balance it moves: with AI credits off a call is paid by the partner. null: nobody's. */
  readonly wallet: 'customer' | 'partner' | null;
  /** What it does to that balance, signed: above 0 it rises. */
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly currency: string;
  /** What `amount` is worth, as decimal text without its sign; null when unknown. */
  readonly money: number | null;
  /** The plan that is applied. */
  readonly plan?: {
    readonly name: string;
    readonly minutes: number | null;
    readonly price: number;
    readonly currency: string;
    /** The part of the amount that is a bonus. */
    readonly bonus: number;
    readonly expiresAfterDays: number | null;
    readonly recurring: Plan['recurring'];
    /** When its next period begins; null of a one-off pack. */
    readonly renewsAt: Date | null;
  };
  /** The call that is charged or dismissed, and what it comes to. */
  readonly call?: {
    readonly seconds: number;
    readonly provider: string;
    readonly billedSeconds: number | null;
    readonly creditsPerMinute: number | null;
    /** The part of the price that the partner carries, since the customer's balance does not cover it. */
    readonly paidByPartner: number;
    /** The part of the price that stands as debt. */
    readonly debt: number;
  };
  /** What is the customer's from now on. */
  readonly mapped?: { readonly kind: MapKind; readonly value: string };
}

/** The inputs that a refusal may be about. */
export type DraftField = 'customer' | 'amount' | 'note' | 'plan' | 'operation' | 'map';

/** A refusal: nothing was changed. `field` names the input that it is about, when it is about one. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly detail: string;
  readonly field?: DraftField;
}

export type Drafted = { readonly kind: 'drafted'; readonly draftId: string; readonly preview: Preview } | Refused;

export type Performed =
  | {
      readonly kind: 'done';
      readonly draft: MoneyDraft;
      readonly customerName: string | null;
      readonly wallet: 'customer' | 'partner' | null;
      readonly amount: number;
      readonly balance: number;
      /** Whether it had been done before: a double click, or a request that Slack repeated. */
      readonly repeated: boolean;
    }
  | Refused;

export interface MoneyData {
  /**
   * Checks what somebody wants to do (role, cap, customer, amount, balance) and keeps it under an opaque id until it is
   * confirmed, for half an hour. Moves nothing.
   */
  draft(actor: SlackActor, channelId: string | null, draft: MoneyDraft): Promise<Drafted>;
  /**
   * Does what was confirmed, once, however often it is asked: the draft's id is the idempotency key. Role and cap are
   * checked again, and so is that it still comes to what was confirmed; only who drafted it may confirm it.
   */
  perform(actor: SlackActor, channelId: string | null, draftId: string): Promise<Performed>;
}
