export * from './grants';
export * from './job';
export * from './runner';
export * from './seal';
