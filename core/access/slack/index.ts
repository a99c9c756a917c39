export * from './access';
export { bindingOf, type SlackWorkspace } from './binding';
export * from './channels';
export * from './decide';
export * from './drafts';
export * from './install-links';
export * from './installations';
export { getSlackRole, listSlackRoles, removeSlackRole, setSlackRole } from './roles';
export * from './settings';
