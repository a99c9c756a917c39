export * from './grants';
export * from './holds';
export * from './inbox';
export * from './job';
export * from './runner';
export * from './seal';
