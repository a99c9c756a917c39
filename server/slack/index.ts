import type { BotData } from '@talktime/bot';
import type { Talktime } from '@talktime/core/calls';
import { accessData } from './actor';
import { alertsData } from './alerts';
import { balanceData } from './balances';
import { doctorData } from './doctor';
import { historyData } from './history';
import { homeData } from './home';
import { moneyData } from './money';
import type { PaymentContext } from '@talktime/core/payments';
import { paymentsData } from './payments';
import { peopleData } from './people';
import { planChoiceData } from './plan-choice';
import { reversalData } from './reversals';
import { planData } from './plans';
import { rechargeData } from './recharge';
import { reportData } from './report';
import { settingsData } from './settings';
import { standingData } from './standings';
import { suspenseData } from './suspense';
import { usageData } from './usage';

/** What the bot reads and does, over the core. */
export function botData(talktime: Talktime, payments: PaymentContext | null = null): BotData {
  const { database } = talktime;
  return {
    ...accessData(database),
    ...balanceData(database),
    ...suspenseData(database),
    ...moneyData(talktime),
    ...planChoiceData(database),
    ...reversalData(database),
    ...standingData(database),
    ...usageData(database),
    ...historyData(database),
    ...planData(database),
    ...reportData(database),
    ...homeData(talktime),
    ...peopleData(database),
    ...alertsData(database),
    ...doctorData(database, payments !== null),
    ...paymentsData(database, payments),
    ...settingsData(database),
    ...rechargeData(database, payments),
  };
}
