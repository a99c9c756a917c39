import { settingsModal } from '../views/settings';
import type { Opening } from './answer';

export const settings: Opening = {
  name: 'settings',
  usage: 'settings [customer]',
  does: 'a customer’s settings: credits, price, alerts, and what the customer sees',
  least: 'manager',
  open: (question, { data }) => settingsModal(question, data),
};
