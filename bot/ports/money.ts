import type { SlackActor } from './actor';

/** Something that moves credits, waiting for its confirmation. Amounts are decimal text, as somebody typed them. */
export type MoneyDraft =
  | { readonly kind: 'top_up'; readonly customerId: string; readonly amount: string; readonly note: string }
  | { readonly kind: 'adjustment'; readonly customerId: string; readonly amount: string; readonly note: string };

/** What a draft would do, in credits as they go over the wire. */
export interface Preview {
  readonly customerName: string;
  /** Signed: above 0 the balance rises. */
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly currency: string;
  /** What `amount` is worth, as decimal text without its sign; null when unknown. */
  readonly money: number | null;
}

/** A refusal: nothing was changed. `field` names the input that it is about, when it is about one. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly detail: string;
  readonly field?: 'customer' | 'amount' | 'note';
}

export type Drafted = { readonly kind: 'drafted'; readonly draftId: string; readonly preview: Preview } | Refused;

export type Performed =
  | {
      readonly kind: 'done';
      readonly draft: MoneyDraft;
      readonly customerName: string;
      readonly amount: number;
      readonly balance: number;
      /** Whether it had been done before: a double click, or a request that Slack repeated. */
      readonly repeated: boolean;
    }
  | Refused;

export interface MoneyData {
  /**
   * Checks what somebody wants to move (role, cap, customer, amount) and keeps it under an opaque id until it is confirmed,
   * for half an hour. Moves nothing.
   */
  draft(actor: SlackActor, channelId: string | null, draft: MoneyDraft): Promise<Drafted>;
  /**
   * Does what was confirmed, once, however often it is asked: the draft's id is the idempotency key. Role and cap are
   * checked again; only who drafted it may confirm it.
   */
  perform(actor: SlackActor, channelId: string | null, draftId: string): Promise<Performed>;
}
