/** What the bot asks of the service, by subject. The service implements it over core; every call is bounded in time there. */
import type { AccessData } from './actor';
import type { AlertsData } from './alerts';
import type { BalanceData } from './balances';
import type { DoctorData } from './doctor';
import type { HistoryData } from './history';
import type { HomeData } from './home';
import type { MoneyData } from './money';
import type { PaymentsData } from './payments';
import type { PeopleData } from './people';
import type { PlanChoiceData } from './plan-choice';
import type { PlanData } from './plans';
import type { RechargeData } from './recharge';
import type { ReportData } from './report';
import type { ReversalData } from './reversals';
import type { SettingsData } from './settings';
import type { StandingData } from './standings';
import type { SuspenseData } from './suspense';
import type { UsageData } from './usage';

export * from './actor';
export * from './alerts';
export * from './balances';
export * from './doctor';
export * from './history';
export * from './home';
export * from './logger';
export * from './money';
export * from './payments';
export * from './people';
export * from './plan-choice';
export * from './plans';
export * from './recharge';
export * from './report';
export * from './reversals';
export * from './settings';
export * from './standings';
export * from './suspense';
export * from './usage';

/** What is read for a list, a chart or a report. */
export type ReadingData = StandingData & UsageData & HistoryData & PlanData & ReportData;

/** What is read for the modals that change something, and done by them. */
export type ActingData = SuspenseData &
  MoneyData &
  PlanChoiceData &
  ReversalData &
  SettingsData &
  PaymentsData &
  RechargeData;

/** What is read for a partner's console, and done by it. */
export type ConsoleData = HomeData & PeopleData & AlertsData & DoctorData;

export type BotData = AccessData & BalanceData & ReadingData & ActingData & ConsoleData;

/** The bot token of a workspace; null when the app is not installed there. */
export type Installations = (workspace: {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
}) => Promise<{ readonly botToken: string } | null>;

/** One workspace, one token: SLACK_BOT_TOKEN. */
export function singleWorkspace(botToken: string): Installations {
  return () => Promise.resolve({ botToken });
}
