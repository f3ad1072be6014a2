export { RollupModule } from './rollup.module.js';
