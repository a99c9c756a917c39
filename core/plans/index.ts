export * from './audience';
export * from './plans';
