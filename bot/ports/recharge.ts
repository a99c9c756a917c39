import type { AutoRecharge, AutoRechargeSet } from '@talktime/core/contract';
import type { SlackActor } from './actor';
import type { Refused } from './money';

/** How a customer's balance tops itself up, as somebody in Slack sees it. */
export interface RechargeShown {
  readonly customer: { readonly id: string; readonly name: string };
  readonly recharge: AutoRecharge;
}

export type SavedRecharge =
  | ({ readonly kind: 'saved' } & RechargeShown)
  /** By inputs: what the core does not take. Nothing was changed. */
  | { readonly kind: 'invalid'; readonly errors: Readonly<Record<string, string>> }
  | Refused;

export interface RechargeData {
  openRecharge(
    actor: SlackActor,
    channelId: string | null,
    customerId: string,
  ): Promise<({ readonly kind: 'opened' } & RechargeShown) | Refused>;
  /** Sets it: saving the same twice is saving it once. Role and cap are looked at again. */
  saveRecharge(
    actor: SlackActor,
    channelId: string | null,
    customerId: string,
    change: AutoRechargeSet,
  ): Promise<SavedRecharge>;
  /** A page of Stripe's on which the owner of a card saves it; nothing is paid. */
  cardLink(
    actor: SlackActor,
    channelId: string | null,
    customerId: string,
  ): Promise<{ readonly kind: 'link'; readonly url: string; readonly customerName: string } | Refused>;
}
