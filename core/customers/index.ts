export * from './balances';
export * from './customers';
export * from './exchange-rates';
export * from './mappings';
export * from './names';
export * from './onboarding';
export * from './partners';
