export { RetirementModule } from './retirement.module.js';
