import { planModal } from '../views/plan';
import type { Opening } from './answer';

export const apply: Opening = {
  name: 'apply',
  usage: 'apply [customer] [plan]',
  does: 'gives a customer the credits of one of your plans, after you confirm',
  least: 'manager',
  open: (question, { data }) => planModal(question, data),
};
