import type { AlertEvent, Audience } from '../notice';
import { routeText } from '../routes';

/** Whom a wallet's alerts are for, as the settings say at this moment. */
export interface Recipients {
  readonly partner: {
    readonly teamId: string | null;
    readonly channel: string | null;
    readonly emails: readonly string[];
  };
  /** null for the partner's own wallet. */
  readonly customer: {
    readonly aiCreditsEnabled: boolean;
    readonly channels: readonly { readonly teamId: string | null; readonly channel: string }[];
    readonly emails: readonly string[];
  } | null;
}

/** Routes that are not tried, with the reason, by their texts; and where the partner's go instead. */
export interface Parked {
  readonly dead: ReadonlyMap<string, string>;
  /** A direct message to whoever installed the app, or to an owner; null when nobody is known. */
  readonly fallback: string | null;
}

export interface PlannedRoute {
  readonly route: string;
  readonly audience: Audience;
  /** Why nothing is delivered there; null: it is. */
  readonly dead: string | null;
}

/** What a customer is told of: its balance, never its margin, and not how the partner collects. */
const FOR_CUSTOMERS: ReadonlySet<AlertEvent> = new Set(['low', 'critical', 'exhausted', 'improved', 'recovered']);

/**
 * Where an event of a wallet goes. All of them go to the partner's channel and e-mails; a customer's, while calls are
 * paid from its wallet, to that customer's channels and e-mails too. A dead channel of the partner's is stood in for by a
 * direct message; what is a customer's has no stand-in. There is always a route for the partner, if only "none".
 */
export function routesOf(event: AlertEvent, { partner, customer }: Recipients, parked: Parked): PlannedRoute[] {
  const planned = new Map<string, PlannedRoute>();
  const add = (audience: Audience, route: string) => {
    if (!planned.has(route)) planned.set(route, { route, audience, dead: parked.dead.get(route) ?? null });
  };
  for (const { route } of partnersPlannedRoutes(partner, parked)) add('partner', route);
  if (customer?.aiCreditsEnabled && FOR_CUSTOMERS.has(event)) {
    for (const { teamId, channel } of customer.channels)
      add('customer', routeText({ kind: 'slack', teamId: teamId ?? partner.teamId, channel }));
    for (const address of customer.emails) add('customer', routeText({ kind: 'email', address }));
  }
  return [...planned.values()];
}

/** Where goes what is for the partner alone. There is always a route, if only "none". */
export function partnersPlannedRoutes(partner: Recipients['partner'], parked: Parked): PlannedRoute[] {
  return [...new Set(partnersRoutes(partner, parked))].map((route) => ({
    route,
    audience: 'partner',
    dead: parked.dead.get(route) ?? null,
  }));
}

function partnersRoutes({ teamId, channel, emails }: Recipients['partner'], { dead, fallback }: Parked): string[] {
  const standIn = fallback !== null && !dead.has(fallback) ? [fallback] : [];
  const slack = channel === null ? [] : [routeText({ kind: 'slack', teamId, channel })];
  const mails = emails.map((address) => routeText({ kind: 'email', address }));
  const [ownSlack] = slack;
  if (ownSlack !== undefined && !dead.has(ownSlack)) return [ownSlack, ...mails];
  if (mails.some((route) => !dead.has(route))) return [...(ownSlack === undefined ? [] : standIn), ...mails];
  if (standIn.length > 0) return [...standIn, ...mails];
  return slack.length + mails.length > 0 ? [...slack, ...mails] : ['none'];
}
