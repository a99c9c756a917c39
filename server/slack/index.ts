import type { BotData } from '@talktime/bot';
import type { Talktime } from '@talktime/core/calls';
import { accessData } from './actor';
import { balanceData } from './balances';
import { moneyData } from './money';
import { planChoiceData } from './plan-choice';
import { reversalData } from './reversals';
import { settingsData } from './settings';
import { suspenseData } from './suspense';

/** What the bot reads and does, over the core. */
export function botData(talktime: Talktime): BotData {
  const { database } = talktime;
  return {
    ...accessData(database),
    ...balanceData(database),
    ...suspenseData(database),
    ...moneyData(talktime),
    ...planChoiceData(database),
    ...reversalData(database),
    ...settingsData(database),
  };
}
