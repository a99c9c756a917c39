/** What the bot says: pure functions from data to Slack's blocks. */
export { alertMessage, alertValue } from './alert';
export * from './alert-thread';
export * from './balance';
export * from './chart';
export * from './customer-alert';
export * from './digest';
export * from './draw';
export * from './help';
export * from './message';
export * from './route-dead';
export * from './suspense';
export * from './trouble';
