export { BackfillModule } from './backfill.module.js';
