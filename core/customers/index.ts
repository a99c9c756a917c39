export * from './balances';
export * from './customers';
export * from './mappings';
export * from './partners';
