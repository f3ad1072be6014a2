import { Global, Module } from '@nestjs/common';
import { Audit } from './audit.js';
import { AuditController } from './audit.controller.js';
import { AuditStore } from './audit.store.js';

/** Global: every feature that changes something records it. */
@Global()
@Module({ controllers: [AuditController], providers: [Audit, AuditStore], exports: [Audit] })
export class AuditModule {}
