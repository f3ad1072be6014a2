export { E2eStack } from './support/stack.js';
