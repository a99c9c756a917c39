export * from './grants';
export * from './holds';
export * from './inbox';
export * from './job';
export * from './providers';
export * from './runner';
export * from './seal';
