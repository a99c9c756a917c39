import type { SlackChannelLink, SlackRole, SlackSettings } from '@talktime/core/contract';
import type { Role, SlackActor } from './actor';

/** Somebody in a workspace. */
export interface Person {
  readonly teamId: string;
  readonly userId: string;
}

export interface RoleWanted {
  readonly role: Role;
  /** With the role customer alone. */
  readonly customerId: string | null;
  /** Decimal text; null: the partner's cap for the role. */
  readonly maxCredits: string | null;
}

/** A customer's channel, with the customer's name. */
export type ChannelLink = SlackChannelLink & { readonly customer_name: string };

export type SettingsWanted = {
  readonly members_may_view: boolean | null;
  /** Decimal text; null: no cap. */
  readonly manager_max_credits: string | null;
  readonly owner_max_credits: string | null;
};

/** Done, or refused with nothing changed; `field` names the input that it is about. */
export type Changed =
  | { readonly kind: 'changed' }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string; readonly field: string | null };

/** What owners decide: who may do what, and which channel is whose. */
export interface PeopleData {
  /** Owners first; all of them. Names of customers are those of the roles' customers. */
  roles(partnerId: string): Promise<readonly (SlackRole & { readonly customer_name: string | null })[]>;
  setRole(partnerId: string, actor: SlackActor, person: Person, wanted: RoleWanted): Promise<Changed>;
  removeRole(partnerId: string, actor: SlackActor, person: Person): Promise<Changed>;
  /** The owners of a workspace, whom its people can ask; at most `limit`. */
  ownersOf(partnerId: string, teamId: string, limit: number): Promise<readonly Person[]>;
  channelLinks(partnerId: string): Promise<readonly ChannelLink[]>;
  unlinkChannel(partnerId: string, actor: SlackActor, channelId: string): Promise<void>;
  slackSettings(partnerId: string): Promise<SlackSettings>;
  setSlackSettings(partnerId: string, actor: SlackActor, wanted: SettingsWanted): Promise<Changed>;
}
