import type { BotData } from '@talktime/bot';
import type { Talktime } from '@talktime/core/calls';
import { accessData } from './actor';
import { balanceData } from './balances';
import { homeData } from './home';
import { moneyData } from './money';
import { peopleData } from './people';
import { suspenseData } from './suspense';

/** What the bot reads and does, over the core. */
export function botData(talktime: Talktime): BotData {
  const { database } = talktime;
  return {
    ...accessData(database),
    ...balanceData(database),
    ...suspenseData(talktime),
    ...moneyData(talktime),
    ...homeData(talktime),
    ...peopleData(database),
  };
}
