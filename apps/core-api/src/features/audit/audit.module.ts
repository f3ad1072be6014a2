import { Global, Module } from '@nestjs/common';
import { Audit } from './audit.js';
import { AuditController } from './audit.controller.js';
import { AuditStore } from './audit.store.js';
import { SealStore } from './seal.store.js';
import { AuditSealer } from './sealer.js';
import { AuditVerifier } from './verifier.js';

/** Global: every feature that changes something records it. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [Audit, AuditStore, SealStore, AuditSealer, AuditVerifier],
  exports: [Audit],
})
export class AuditModule {}
