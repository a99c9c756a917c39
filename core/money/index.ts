export * from './microcredits';
export * from './rates';
