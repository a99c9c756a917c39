import { customersPage } from '../commands/customers';
import { historyPage } from '../commands/history';
import {
  HISTORY_NEWEST,
  HISTORY_OLDER,
  readHistoryValue,
  readStandingsValue,
  STANDINGS_NEXT,
  STANDINGS_PREVIOUS,
  STANDINGS_WHICH,
} from '../messages';
import { refusalMessage, textMessage } from '../messages/trouble';
import type { ButtonListener } from './button';

/** Old messages keep their buttons; what those carry may mean nothing any more. */
const STALE = textMessage('This list is no longer there.\n*Next:* ask for it again.');

const customersButton = (action: string): ButtonListener => ({
  action,
  least: 'viewer',
  opens: 'message',
  replaces: true,
  async pressed({ value, access }, { data }) {
    if (access.customerId !== null) return refusalMessage({ kind: 'customers_channel' });
    const place = readStandingsValue(value);
    return place ? customersPage(data, access.partnerId, place, '/credits') : STALE;
  },
});

const historyButton = (action: string): ButtonListener => ({
  action,
  least: 'customer',
  opens: 'message',
  replaces: true,
  async pressed({ value, access }, { data }) {
    const place = readHistoryValue(value);
    return (place && (await historyPage(data, access, place))) ?? STALE;
  },
});

/** Next, previous, older: each shows another page in the place of the one it stands under. */
export const PAGE_BUTTONS: readonly ButtonListener[] = [
  ...[STANDINGS_NEXT, STANDINGS_PREVIOUS, STANDINGS_WHICH].map(customersButton),
  ...[HISTORY_OLDER, HISTORY_NEWEST].map(historyButton),
];
