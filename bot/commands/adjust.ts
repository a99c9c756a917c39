import { moneyModal } from '../views/money';
import type { Opening } from './answer';

export const adjust: Opening = {
  name: 'adjust',
  usage: 'adjust [customer] [amount] [why]',
  does: 'corrects a balance by hand: 5 adds, -5 takes away; after you confirm',
  least: 'manager',
  open: (question, { data }) => moneyModal('adjustment', question, data),
};
