import type { DoctorData } from '@talktime/bot';
import { TalktimeError } from '@talktime/core/contract';
import { diagnoseCustomer, diagnosePartner } from '@talktime/core/doctor';
import type { Database } from '@talktime/core/database';

export function doctorData(database: Database, takesPayments: boolean): DoctorData {
  return {
    async diagnose(partnerId, customerId) {
      try {
        const { diagnosis, wallet } =
          customerId === null
            ? await diagnosePartner(database, partnerId, takesPayments)
            : await diagnoseCustomer(database, partnerId, customerId);
        return { diagnosis, target: wallet && `${wallet.walletId}.${wallet.episode}` };
      } catch (error) {
        if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
        throw error;
      }
    },
  };
}
