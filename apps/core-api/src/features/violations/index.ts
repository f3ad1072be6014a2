export { LIMIT_RULES, type ViolationKind } from './domain/violation.js';
export type { Violation, ViolationReport } from './violation.js';
export { ViolationsModule } from './violations.module.js';
export { ViolationsService } from './violations.service.js';
