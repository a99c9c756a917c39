import type { BotData } from '@talktime/bot';
import type { Talktime } from '@talktime/core/calls';
import { accessData } from './actor';
import { balanceData } from './balances';
import { doctorData } from './doctor';
import { historyData } from './history';
import { moneyData } from './money';
import { planData } from './plans';
import { reportData } from './report';
import { standingData } from './standings';
import { suspenseData } from './suspense';
import { usageData } from './usage';

/** What the bot reads and does, over the core. */
export function botData(talktime: Talktime): BotData {
  const { database } = talktime;
  return {
    ...accessData(database),
    ...balanceData(database),
    ...suspenseData(talktime),
    ...moneyData(talktime),
    ...standingData(database),
    ...usageData(database),
    ...historyData(database),
    ...planData(database),
    ...reportData(database),
    ...doctorData(database),
  };
}
