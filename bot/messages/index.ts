/** What the bot says: pure functions from data to Slack's blocks. */
export * from './alert';
export * from './balance';
export * from './chart';
export * from './draw';
export * from './help';
export * from './message';
export * from './suspense';
export * from './trouble';
