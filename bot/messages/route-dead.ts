import type { AlertRoute, DeadRoute } from '@talktime/core/alerts';
import { DOUBLED } from './alert-notes';
import { context, header, section, type Message } from './message';
import { code, escape, inert, moment } from './text';

/** Told once, to somebody who can mend it, when alerts can no longer be delivered somewhere. */
export function routeDeadMessage({ route, customer, audience, reason, at }: DeadRoute, doubled = false): Message {
  const where = place(route);
  const whose =
    audience === 'customer' ? `alerts of ${customer ? `*${inert(customer.name)}*` : 'a customer'}` : 'your alerts';
  return {
    text: `⚠️ Talktime cannot deliver alerts to ${plainPlace(route)} any more`,
    blocks: [
      header('⚠️ Alerts cannot be delivered'),
      section(`Talktime cannot deliver ${whose} to ${where} any more.\n*Why:* ${why(route, reason)}`),
      section(`*Until it is mended* ${meanwhile(route, audience)}`),
      section(
        `*Then* press *Try again* on the Home tab of this app, or link another channel. The app's Home tab lists such routes.`,
      ),
      context([`since ${moment(at)}`, ...(doubled ? [DOUBLED] : [])].join('\n')),
    ],
  };
}

/** A message that somebody asked for, to see whether alerts arrive. */
export function testMessage(at: Date, doubled = false): Message {
  return {
    text: '✅ A test of Talktime: alerts arrive here',
    blocks: [
      section('✅ *A test of Talktime.* Alerts arrive here. Nothing is wrong with any balance.'),
      context([`asked for ${moment(at)}`, ...(doubled ? [DOUBLED] : [])].join('\n')),
    ],
  };
}

/** What Slack said is in words of ours, with a command to copy; what a mail server said is in its own. */
function why(route: AlertRoute, reason: string): string {
  return route.kind === 'email' ? inert(reason, 600) : escape(reason.slice(0, 600));
}

function meanwhile(route: AlertRoute, audience: DeadRoute['audience']): string {
  if (audience === 'customer') return 'the customer is not told there. Your own alerts go on as before.';
  if (route.kind === 'slack') return 'your alerts go to you here, as direct messages.';
  return 'nobody is told there. Your other routes go on as before.';
}

function place(route: AlertRoute): string {
  switch (route.kind) {
    case 'slack':
      return `<#${route.channel}>`;
    case 'dm':
      return `<@${route.userId}>`;
    case 'email':
      return code(route.address);
    case 'none':
      return 'anywhere';
  }
}

function plainPlace(route: AlertRoute): string {
  return route.kind === 'slack' ? 'a channel' : route.kind === 'email' ? 'an e-mail address' : 'somebody';
}
