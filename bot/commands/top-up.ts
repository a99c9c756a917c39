import { moneyModal } from '../views/money';
import type { Opening } from './answer';

export const topUp: Opening = {
  name: 'topup',
  usage: 'topup [customer] [amount] [note]',
  does: 'adds credits to a customer, after you confirm',
  least: 'manager',
  open: (question, { data }) => moneyModal('top_up', question, data),
};
