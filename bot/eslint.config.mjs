export { default } from '../eslint.service.mjs';
