import { rechargeModal } from '../views/recharge';
import type { Opening } from './answer';

export const recharge: Opening = {
  name: 'autotopup',
  usage: 'autotopup [customer]',
  does: 'tops a customer up by itself, on a saved card',
  least: 'manager',
  open: (question, { data }) => rechargeModal(question, data),
};
