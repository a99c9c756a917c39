import { reversalModal } from '../views/reversal';
import type { Opening } from './answer';

export const reverse: Opening = {
  name: 'reverse',
  usage: 'reverse [customer]',
  does: 'takes back a call, a top-up or another change of a balance, whole or in part; after you confirm',
  least: 'manager',
  open: (question, { data }) => reversalModal(question, data),
};
