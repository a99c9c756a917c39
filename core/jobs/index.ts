export * from './grants';
export * from './holds';
export * from './inbox';
export * from './job';
export * from './margins';
export * from './providers';
export * from './runner';
export * from './seal';
