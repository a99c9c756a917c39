export * from './authorize';
export * from './deduct';
export * from './endpoints';
export * from './facts';
export * from './inbox';
export * from './ingress';
export * from './providers';
export * from './suspense';
