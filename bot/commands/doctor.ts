import { doctorMessage, severalCustomersMessage, unknownCustomerMessage } from '../messages';
import { isAtLeast } from '../ports';
import type { Answering } from './answer';
import { customerMeant } from './customer';

export const doctor: Answering = {
  name: 'doctor',
  usage: 'doctor [customer]',
  does: 'what is wrong with a customer’s set-up, or with your own, and the button that mends it',
  least: 'viewer',

  async answer({ access, argument, partnerId, command }, { data }) {
    const meant = await customerMeant(data, access, argument);
    if (meant.kind === 'several') return severalCustomersMessage(meant.typed, meant.customers, command, 'doctor');
    if (meant.kind === 'unknown') return unknownCustomerMessage(meant.typed, meant.near, command, 'doctor');
    const customer = meant.kind === 'one' ? meant.customer : null;
    const diagnosed = await data.diagnose(partnerId, customer?.id ?? null);
    if (!diagnosed) return unknownCustomerMessage(customer?.id ?? '', [], command, 'doctor');
    return doctorMessage(diagnosed, {
      command,
      inCustomersChannel: access.customerId !== null,
      mayMend: isAtLeast(access.role, 'manager'),
    });
  },
};
