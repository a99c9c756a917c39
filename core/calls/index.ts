export * from './authorize';
export * from './deduct';
export * from './endpoints';
export * from './facts';
export * from './provider';
export * from './providers';
export * from './suspense';
