export { Audit, jobActor, type Actor, type AuditRecord } from './audit.js';
export { CurrentActor } from './actor.js';
export { AuditModule, AuditWritingModule } from './audit.module.js';
