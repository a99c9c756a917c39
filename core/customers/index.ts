export { reevaluatePaces } from './alerts';
export * from './balances';
export * from './by-runway';
export * from './customers';
export * from './exchange-rates';
export * from './mappings';
export * from './names';
export * from './onboarding';
export * from './partners';
