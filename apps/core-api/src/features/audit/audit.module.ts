import { Global, Module } from '@nestjs/common';
import { Audit } from './audit.js';
import { AuditController } from './audit.controller.js';
import { AuditStore } from './audit.store.js';
import { SealStore } from './seal.store.js';
import { AuditSealer } from './sealer.js';
import { AuditVerifier } from './verifier.js';

/** Writing alone, for a process that neither shows nor seals. */
@Global()
@Module({ providers: [Audit, AuditStore], exports: [Audit, AuditStore] })
export class AuditWritingModule {}

/** Global: every feature that changes something records it. */
@Global()
@Module({
  imports: [AuditWritingModule],
  controllers: [AuditController],
  providers: [SealStore, AuditSealer, AuditVerifier],
  exports: [AuditWritingModule],
})
export class AuditModule {}
