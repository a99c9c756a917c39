export * from './microcredits';
export * from './periods';
export * from './rates';
