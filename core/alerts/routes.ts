/** Where an alert goes. */
export type AlertRoute =
  | { readonly kind: 'slack'; readonly teamId: string | null; readonly channel: string }
  /** A direct message to somebody in Slack. */
  | { readonly kind: 'dm'; readonly teamId: string | null; readonly userId: string }
  | { readonly kind: 'email'; readonly address: string }
  /** Nobody said where to. */
  | { readonly kind: 'none' };

/** A route as it is stored and as the API names it: "slack:T0123:C0456", "dm:T0123:U0789", "email:anna@example.com", "none". */
export function routeText(route: AlertRoute): string {
  switch (route.kind) {
    case 'slack':
      return `slack:${route.teamId ?? ''}:${route.channel}`;
    case 'dm':
      return `dm:${route.teamId ?? ''}:${route.userId}`;
    case 'email':
      return `email:${route.address.toLowerCase()}`;
    case 'none':
      return 'none';
  }
}

/** @throws RangeError when it is not a route's text */
export function parseRoute(text: string): AlertRoute {
  const [, kind, team, id] = /^(slack|dm):([TE][A-Z0-9]*)?:([A-Z0-9]+)$/.exec(text) ?? [];
  if (kind === 'slack') return { kind, teamId: team ?? null, channel: id! };
  if (kind === 'dm') return { kind, teamId: team ?? null, userId: id! };
  const address = /^email:(\S+)$/.exec(text)?.[1];
  if (address !== undefined) return { kind: 'email', address };
  if (text === 'none') return { kind: 'none' };
  throw new RangeError(`"${text}" is not a route of alerts`);
}

/** Whether a message there can be changed after it was posted. */
export function showsInPlace(route: AlertRoute): boolean {
  return route.kind !== 'email';
}
