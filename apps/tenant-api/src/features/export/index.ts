export { ExportModule } from './export.module.js';
export { PurgeModule } from './purge.module.js';
export { PURGED_ROWS, type PurgedRows } from './purge.ports.js';
