import { ASSIGN_ACTION, DISMISS_ACTION } from '../messages/suspense';
import { refusalText } from '../messages/trouble';
import { noticeModal } from '../views/modal';
import { assignModal, dismissModal } from '../views/suspense';
import type { ButtonListener, Press } from './button';

/** "Assign…" and "Dismiss…" on a call that waits. Such calls are about all customers: not in a channel that is one's. */
export const suspenseButtons: readonly ButtonListener[] = [
  {
    action: ASSIGN_ACTION,
    least: 'manager',
    opens: 'modal',
    pressed: async (press, { data }) => (isElsewhere(press) ? ELSEWHERE : assignModal(press, data, press.value)),
  },
  {
    action: DISMISS_ACTION,
    least: 'manager',
    opens: 'modal',
    pressed: async (press, { data }) => (isElsewhere(press) ? ELSEWHERE : dismissModal(press, data, press.value)),
  },
];

const isElsewhere = ({ access }: Press) => access.customerId !== null;
const ELSEWHERE = noticeModal('Talktime', refusalText({ kind: 'customers_channel' }));
