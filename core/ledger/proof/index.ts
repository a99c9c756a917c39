export * from './anchors';
export { FINDINGS, type Finding, type FindingCode } from './findings';
export * from './seal';
export * from './verify';
