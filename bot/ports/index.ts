/** What the bot asks of the service, by subject. The service implements it over core; every call is bounded in time there. */
import type { AccessData } from './actor';
import type { BalanceData } from './balances';
import type { HomeData } from './home';
import type { MoneyData } from './money';
import type { PeopleData } from './people';
import type { SuspenseData } from './suspense';

export * from './actor';
export * from './balances';
export * from './home';
export * from './logger';
export * from './money';
export * from './people';
export * from './suspense';

export type BotData = AccessData & BalanceData & SuspenseData & MoneyData & HomeData & PeopleData;

/** The bot token of a workspace; null when the app is not installed there. */
export type Installations = (workspace: {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
}) => Promise<{ readonly botToken: string } | null>;

/** One workspace, one token: SLACK_BOT_TOKEN. */
export function singleWorkspace(botToken: string): Installations {
  return () => Promise.resolve({ botToken });
}
