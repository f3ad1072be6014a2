export { homeDecider, LimitsModule } from './limits.module.js';
