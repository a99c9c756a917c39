/** What the bot asks of the service, by subject. The service implements it over core; every call is bounded in time there. */
import type { AccessData } from './actor';
import type { BalanceData } from './balances';
import type { MoneyData } from './money';
import type { PlanChoiceData } from './plan-choice';
import type { ReversalData } from './reversals';
import type { SettingsData } from './settings';
import type { SuspenseData } from './suspense';

export * from './actor';
export * from './balances';
export * from './logger';
export * from './money';
export * from './plan-choice';
export * from './reversals';
export * from './settings';
export * from './suspense';

export type BotData = AccessData &
  BalanceData &
  SuspenseData &
  MoneyData &
  PlanChoiceData &
  ReversalData &
  SettingsData;

/** The bot token of a workspace; null when the app is not installed there. */
export type Installations = (workspace: {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
}) => Promise<{ readonly botToken: string } | null>;

/** One workspace, one token: SLACK_BOT_TOKEN. */
export function singleWorkspace(botToken: string): Installations {
  return () => Promise.resolve({ botToken });
}
