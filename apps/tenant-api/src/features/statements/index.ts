export { StatementErrors } from './statements.errors.js';
export { StatementsModule } from './statements.module.js';
