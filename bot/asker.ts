import { randomUUID } from 'node:crypto';
import { isAtLeast, type Access, type BotData, type BotLogger, type Role, type SlackActor } from './ports';

/** What every listener works with. */
export interface BotDependencies {
  readonly data: BotData;
  readonly logger: BotLogger;
}

/** Somebody who asks for something, with what they may see and do. */
export interface Asker {
  readonly actor: SlackActor;
  readonly access: Access;
  /** Where they ask; null: in a DM or on the Home tab. */
  readonly channelId: string | null;
}

export type Refusal =
  /** The workspace belongs to no partner. */
  | { readonly kind: 'unbound'; readonly teamId: string }
  /** They have no role, or not enough of one. */
  | { readonly kind: 'not_allowed'; readonly least: Role }
  /** It is about all customers, and this channel is one customer's. */
  | { readonly kind: 'customers_channel' };

/** Who pressed, submitted or typed something, by Slack's interaction payload and Bolt's context of it. */
export function actorOfInteraction(
  body: {
    readonly user: { readonly id: string; readonly team_id?: string };
    readonly team?: { readonly id: string } | null;
  },
  context: { readonly teamId?: string; readonly enterpriseId?: string },
): SlackActor {
  return {
    teamId: body.user.team_id ?? body.team?.id ?? context.teamId ?? '',
    enterpriseId: context.enterpriseId ?? null,
    userId: body.user.id,
    ...(context.teamId === undefined ? {} : { installedTeamId: context.teamId }),
  };
}

/** A message in a channel is a channel's; one in a DM with the app is nobody's but theirs. */
export const channelOf = (channelId: string | undefined): string | null =>
  channelId === undefined || channelId.startsWith('D') ? null : channelId;

/** Looks up what somebody may do, and refuses who may not do at least what a role may. */
export async function askerOf(
  { data }: BotDependencies,
  actor: SlackActor,
  channelId: string | null,
  least: Role,
): Promise<Asker | Refusal> {
  const access = await data.accessOf(actor, channelId);
  if (access && isAtLeast(access.role, least)) return { actor, access, channelId };
  if (access === null && (await data.partnerOf(actor)) === null)
    return { kind: 'unbound', teamId: actor.installedTeamId ?? actor.teamId };
  return { kind: 'not_allowed', least };
}

/** Logs a fault under a reference that can be shown. The log has ids, never what somebody typed. */
export function logFault({ logger }: BotDependencies, err: unknown, what: string, actor: SlackActor): string {
  const reference = randomUUID().slice(0, 8);
  logger.error({ err, event: 'slack_listener_failed', reference, what, ...actor }, 'A Slack listener failed');
  return reference;
}
