export { FullPass } from './full-pass.js';
export { Permissions } from './permissions.js';
export { ReconcilerModule } from './reconciler.module.js';
export type { ReconcilerSettings } from './reconciler-settings.js';
