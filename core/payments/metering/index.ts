export * from './billing';
export { exportUsage } from './export';
export { EVENT_NAME, setUpMetering } from './meter';
export * from './report';
