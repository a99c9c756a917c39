import { createTransport } from 'nodemailer';
import type { AlertChannel, DeliveryOutcome } from '../notice';
import { emailOf } from './message';

export interface EmailAlertChannelOptions {
  /** smtp://user:password@host:port or smtps://…; secret. */
  readonly url: string;
  /** Whom e-mails are from: "Talktime <alerts@example.com>", or an address alone. */
  readonly from: string;
  readonly timeoutMs?: number;
}

/** No step of a conversation with the mail server takes longer than this. */
const TIMEOUT_MS = 10_000;

/**
 * Sends alerts as e-mails: one for each thing to tell, those of an episode as one conversation. E-mails can't be changed
 * after they were sent, nor is there a way to send one only once; each has an id that stays the same when it is sent again,
 * by which many mailboxes know it.
 */
export function createEmailAlertChannel({ url, from, timeoutMs = TIMEOUT_MS }: EmailAlertChannelOptions): AlertChannel {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'talktime.invalid';
  return {
    async deliver(delivery) {
      const { route, previous } = delivery;
      if (route.kind !== 'email') throw new Error(`A message on a route of the kind ${route.kind} is no e-mail`);
      const { subject, text, html, messageId, inReplyTo } = emailOf(delivery, domain);
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: route.address },
          subject,
          text,
          html,
          messageId,
          ...(inReplyTo === null ? {} : { inReplyTo, references: [inReplyTo] }),
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        return failureOf(error as SmtpError);
      }
      return { kind: 'delivered', message: { channel: 'email', ts: previous?.ts ?? messageId } };
    },
  };
}

/** nodemailer's error: at which command it happened, and what the server answered. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly command?: string;
  readonly syscall?: string;
  readonly responseCode?: number;
}

/**
 * What an error means. 4xx passes (RFC 5321, 4.2.1), and so does a log-in that is refused, which whoever runs the service
 * mends. 5xx about the recipient kills the route; about anything else it is this message's. Without an answer, the e-mail
 * may have been taken, unless there was no connection at all.
 */
function failureOf(error: SmtpError): DeliveryOutcome {
  const { code, command, responseCode, message } = error;
  const said = message.replace(/\s+/g, ' ').slice(0, 300);
  if (responseCode === undefined)
    return { kind: 'retry', reason: `The mail server did not answer: ${said}`, perhapsPosted: !isNotConnected(error) };
  const reason = `The mail server refused it: ${said}`;
  if (responseCode < 500 || code === 'EAUTH') return { kind: 'retry', reason };
  return { kind: 'dead', reason, routeIsDead: code === 'EENVELOPE' && command === 'RCPT TO' };
}

function isNotConnected({ code, syscall, message }: SmtpError): boolean {
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'EDNS' ||
    /^(Connection timeout|Greeting never)/.test(message)
  );
}
