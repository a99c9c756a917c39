import type { Finding } from '../contract';
import type { CustomerFacts, FailingEndpoint } from './facts';
import { found } from './finding';
import { counted, creditsInWords } from './words';

const DAY = 24 * 60 * 60_000;
/** Silence of this many days is told, of a customer that had so many calls in the 14 days before. */
const SILENT_DAYS = 3;
const CALLS_BEFORE_SILENCE = 5;

/** Whether a customer's calls arrive, are recognised, and go on. */
export const CALL_CHECKS: readonly ((facts: CustomerFacts) => Finding | null)[] = [
  recognised,
  suspended,
  arriving,
  (facts) => deliveries(facts.failing),
  staleHolds,
  concurrent,
];

function recognised({ mappings, calls }: CustomerFacts): Finding {
  if (mappings > 0)
    return found(
      'CALLS_RECOGNISED',
      `${counted(mappings, 'agent, number or metadata value is', 'agents, numbers or metadata values are')} the customer’s.`,
    );
  if (calls.lastAt !== null)
    return found('CALLS_RECOGNISED', 'Nothing is mapped, and nothing has to be: its calls name it themselves.');
  return found(
    'MAPPING_MISSING',
    'Nothing says which calls are the customer’s: unless they name it themselves, they wait in suspense.',
    'Map its agent or phone number: assign a waiting call with its agent, or POST /v1/mappings.',
    'suspense',
  );
}

function suspended({ suspended: waiting }: CustomerFacts): Finding {
  if (waiting === 0) return found('SUSPENSE_EMPTY', 'No waiting call points to it.');
  return found(
    'SUSPENSE_OWN',
    `${counted(waiting, 'call waits', 'calls wait')} in suspense, uncharged, whose agent, number or metadata points to this customer.`,
    'Look at the waiting calls, and assign them.',
    'suspense',
  );
}

function arriving({ now, calls }: CustomerFacts): Finding {
  if (calls.lastAt === null)
    return found('CALLS_NONE_YET', 'Nothing was ever charged to it.', 'Make a test call, and look here again.');
  const days = Math.floor((now - calls.lastAt) / DAY);
  if (days >= SILENT_DAYS && calls.beforeLast >= CALLS_BEFORE_SILENCE)
    return found(
      'CALLS_STOPPED',
      `The last call came ${days} days ago; in the two weeks before there ${calls.beforeLast === 1 ? 'was' : 'were'} ${counted(calls.beforeLast, 'call')}.`,
      'Look whether the provider still sends its webhook to the endpoint’s address, and whether the agent still takes calls.',
    );
  return found(
    'CALLS_ARRIVE',
    days === 0 ? 'The last call came within a day.' : `The last call came ${counted(days, 'day')} ago.`,
  );
}

/** Deliveries that could not be read, were refused, or are tried again and again. */
export function deliveries(failing: readonly FailingEndpoint[]): Finding | null {
  const [worst] = failing.toSorted((a, b) => b.count - a.count);
  if (!worst) return null;
  const others =
    failing.length > 1 ? ` ${counted(failing.length - 1, 'other account has', 'other accounts have')} the same.` : '';
  return found(
    'DELIVERIES_FAILING',
    `${counted(worst.count, 'delivery', 'deliveries')} of the ${worst.provider} account ${worst.account} could not be used in the last 7 days${worst.message === null ? '' : `. The last one: ${worst.message}`}${/[.!]$/.test(worst.message ?? '') ? '' : '.'}${others}`,
    'Mend what it says, then replay them: the inbox (GET /v1/inbox) has their ids, and nothing is charged twice.',
  );
}

function staleHolds({ holds }: CustomerFacts): Finding | null {
  if (holds.stale === 0) return null;
  return found(
    'HOLDS_STALE',
    `${creditsInWords(holds.staleAmount)} are held for ${counted(holds.stale, 'call that', 'calls that')} must be over, and whose end nobody told.`,
    'They are given back by themselves a day after the call began. If it goes on, look whether the provider sends its end-of-call webhook.',
  );
}

function concurrent({ settings, holds }: CustomerFacts): Finding | null {
  if (settings.maxConcurrentCalls === null || holds.live < settings.maxConcurrentCalls) return null;
  return found(
    'CONCURRENT_LIMIT_REACHED',
    `${counted(holds.live, 'call is', 'calls are')} authorised, of ${settings.maxConcurrentCalls} at once: another is refused until one ends.`,
    'Wait for a call to end, or raise the limit in its settings.',
    'settings',
  );
}
