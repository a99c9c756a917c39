/** What the bot says: pure functions from data to Slack's blocks. */
export * from './alert';
export * from './balance';
export * from './bar-chart';
export * from './bars';
export * from './chart';
export * from './doctor';
export * from './draw';
export * from './help';
export * from './history';
export * from './message';
export * from './plans';
export * from './report';
export * from './standings';
export * from './suspense';
export * from './trouble';
export * from './usage';
