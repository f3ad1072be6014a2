export { LevelGate, type LevelUse } from './level-gate.service.js';
export type { CountRows } from './level-sources.js';
export { homeDecider, LimitsModule } from './limits.module.js';
