import type { AlertChannel } from './notice';

/** One channel out of several: each route's messages to what can deliver them. Without e-mail, its routes are dead. */
export function channelByRoute({
  email,
  others,
}: {
  readonly email: AlertChannel | null;
  readonly others: AlertChannel;
}): AlertChannel {
  return {
    async deliver(delivery) {
      if (delivery.route.kind !== 'email') return others.deliver(delivery);
      if (email) return email.deliver(delivery);
      return {
        kind: 'dead',
        reason:
          'This service sends no e-mail: no mail server is set. Whoever runs it sets one; then try the route again.',
        routeIsDead: true,
      };
    },
  };
}
