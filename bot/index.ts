/** The Slack face: commands, alerts and their messages. */
export { createConsoleAlertChannel, createSlackAlertChannel } from './alert-channel';
export type { ConsoleAlertChannelOptions, SlackAlertChannelOptions } from './alert-channel';
export { createSlackApp, SLACK_PATH } from './app';
export type { SlackApp, SlackAppOptions } from './app';
export {
  INSTALL_PATH,
  REDIRECT_PATH,
  slackRefresher,
  workspaceOfToken,
  type InstallFor,
  type Installing,
  type Workspace,
  type WorkspaceGrant,
} from './installs';
export * from './messages';
export * from './ports';
export { createReportChannel } from './report-channel';
export type { SlackClientOptions } from './slack-client';
