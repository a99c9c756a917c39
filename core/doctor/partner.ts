import type { Finding } from '../contract';
import { deliveries } from './calls';
import type { PartnerFacts } from './facts';
import { found, worstFirst } from './finding';
import { paymentsOfPartner } from './payments';
import { metering, stripeAccount } from './stripe-account';
import { counted, creditsInWords } from './words';

const DAY = 24 * 60 * 60_000;
/** A provider's account that is older than this and silent for this long is told. */
const NEW_DAYS = 1;
const SILENT_DAYS = 7;

/** What may be wrong with a partner's own set-up. Pure. `broken`: how many of the `examined` customers have something broken. */
export function examinePartner(facts: PartnerFacts, customers: { examined: number; broken: number }): Finding[] {
  const findings = [
    alerts(facts),
    deadRoutes(facts),
    undelivered(facts),
    ...slack(facts),
    webhooks(facts),
    endpoints(facts),
    deliveries(facts.failing),
    wallet(facts),
    suspense(facts),
    ...paymentsOfPartner(facts),
    stripeAccount(facts),
    metering(facts),
    ofCustomers(customers),
  ].filter((finding) => finding !== null);
  return worstFirst(findings);
}

function alerts({ alerts: { slackChannel, emails, listeners, wanted } }: PartnerFacts): Finding {
  if (slackChannel) return found('ALERTS_ROUTED', 'They go to your Slack channel.');
  if (emails > 0) return found('ALERTS_ROUTED', `They go to ${counted(emails, 'e-mail address', 'e-mail addresses')}.`);
  if (listeners > 0) return found('ALERTS_ROUTED', `They go to ${counted(listeners, 'webhook')} of yours.`);
  return found(
    'ALERT_CHANNEL_MISSING',
    `${wanted === 0 ? 'Nobody' : counted(wanted, 'balance')} has notifications on, and no Slack channel and no webhook is told: nobody hears of an empty balance.`,
    'Type “alerts here” in the channel that alerts are to go to.',
    'alerts',
  );
}

function deadRoutes({ alerts: { deadRoutes: count, deadReason } }: PartnerFacts): Finding | null {
  if (count === 0) return null;
  return found(
    'ALERT_ROUTES_DEAD',
    `${counted(count, 'place takes', 'places take')} no alerts any more.${deadReason === null ? '' : ` ${deadReason}`}`,
    'Mend what it says, then press “Try again” in the list of alerts.',
    'alerts',
  );
}

function undelivered({ alerts: { undelivered: count } }: PartnerFacts): Finding | null {
  if (count === 0) return null;
  return found(
    'ALERTS_UNDELIVERED',
    `${counted(count, 'alert')} of the last 7 days did not arrive, and ${count === 1 ? 'was' : 'were'} given up.`,
    'Look at the list of alerts: it says why, and sends them again.',
    'alerts',
  );
}

function slack({ slack: { isConnected, isGone, owners } }: PartnerFacts): Finding[] {
  if (!isConnected) return [];
  if (isGone)
    return [
      found(
        'SLACK_GONE',
        'The app was removed from your workspace, or its tokens were revoked: alerts and commands do not work there.',
        'Install it again: ask your host for an install link.',
      ),
    ];
  if (owners > 0)
    return [found('SLACK_OWNED', `${counted(owners, 'person gives', 'people give')} roles and may move credits.`)];
  return [
    found(
      'SLACK_OWNER_MISSING',
      'Nobody in your workspace may give roles or move credits from Slack.',
      'Make somebody an owner: PUT /v1/slack/roles, or ask your host.',
    ),
  ];
}

function webhooks({ webhooks: { count, failing } }: PartnerFacts): Finding | null {
  const [worst] = failing.toSorted((a, b) => b.failed - a.failed);
  if (!worst)
    return count === 0
      ? null
      : found('WEBHOOKS_DELIVERED', `${counted(count, 'webhook')}, and nothing was given up in the last 7 days.`);
  return found(
    'WEBHOOK_FAILING',
    `${worst.description === '' ? worst.id : `“${worst.description}”`} did not take ${counted(worst.failed, 'event')} of the last 7 days${worst.lastError === null ? '' : ` (${worst.lastError})`}, and they were given up.${failing.length > 1 ? ` So did ${counted(failing.length - 1, 'other')}.` : ''}`,
    'Mend the address, then deliver them again: GET /v1/webhooks/{id}/deliveries has them.',
  );
}

function endpoints({ endpoints: all, now }: PartnerFacts): Finding | null {
  if (all.length === 0) return null;
  const silent = all.filter(({ createdAt, lastAt }) =>
    lastAt === null ? now - createdAt > NEW_DAYS * DAY : now - lastAt > SILENT_DAYS * DAY,
  );
  const [first] = silent;
  if (!first) return found('ENDPOINTS_HEARD', `${counted(all.length, 'account')} at voice providers.`);
  const since =
    first.lastAt === null
      ? 'Nothing has ever come, or nothing in a month'
      : `Nothing has come for ${Math.floor((now - first.lastAt) / DAY)} days`;
  return found(
    'ENDPOINT_SILENT',
    `${since}, from the ${first.provider} account ${first.account}.${silent.length > 1 ? ` ${counted(silent.length - 1, 'other is', 'others are')} silent, too.` : ''}`,
    'Look whether the provider has the endpoint’s address as its webhook (GET /v1/endpoints shows it).',
  );
}

function wallet({ wallet: { posted, status, isDrawnOn } }: PartnerFacts): Finding {
  const left = creditsInWords(posted);
  if (!isDrawnOn) return found('PARTNER_BALANCE_FINE', `${left}. No call is paid from it.`);
  if (posted <= 0n)
    return found(
      'PARTNER_BALANCE_EMPTY',
      `You have ${left}: calls that you pay for are refused.`,
      'Ask your host for a top-up.',
    );
  if (status !== 'ok')
    return found('PARTNER_BALANCE_LOW', `${left} left.`, 'Ask your host for a top-up before calls fail.');
  return found('PARTNER_BALANCE_FINE', `${left}.`);
}

function suspense({ suspended }: PartnerFacts): Finding {
  if (suspended === 0) return found('SUSPENSE_EMPTY', 'No call waits in suspense.');
  return found(
    'SUSPENSE_WAITING',
    `${counted(suspended, 'call waits', 'calls wait')} in suspense, uncharged, because nothing says whose they are or what they cost.`,
    'Look at the waiting calls: assign or dismiss them.',
    'suspense',
  );
}

function ofCustomers({ examined, broken }: { examined: number; broken: number }): Finding | null {
  if (examined === 0) return null;
  if (broken === 0) return found('CUSTOMERS_FINE', `${counted(examined, 'customer')} looked at.`);
  return found(
    'CUSTOMERS_BROKEN',
    `${counted(broken, 'customer has', 'customers have')} something broken, of ${examined.toLocaleString('en-US')} looked at.`,
    'Ask for the doctor with the name of one of them.',
  );
}
