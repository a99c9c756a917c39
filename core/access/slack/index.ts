export * from './access';
export * from './channels';
export * from './decide';
export { listSlackRoles, removeSlackRole, setSlackRole } from './roles';
