import { Global, Module } from '@nestjs/common';
import { GATE_PORTS, GateGuard } from '@biplane/license-gate/nest';
import { InstanceStatusReporter } from './instance-status.service.js';
import { LicenseKeeper } from './license-keeper.service.js';
import { LicenseReader } from './license-reader.service.js';
import { TenantLicenseController } from './license.controller.js';
import { LicenseMetrics } from './license.metrics.js';
import { TenantGate } from './tenant-gate.js';
import { TenantLicenseService } from './tenant-license.service.js';

/** Global: every feature's routes are guarded by it. Counts come from the metrics feature (`CALL_COUNTER`), decisions from the limits feature (`DECIDER`). */
@Global()
@Module({
  controllers: [TenantLicenseController],
  providers: [
    LicenseMetrics,
    LicenseKeeper,
    LicenseReader,
    InstanceStatusReporter,
    TenantLicenseService,
    GateGuard,
    { provide: GATE_PORTS, useClass: TenantGate },
  ],
  exports: [LicenseKeeper, TenantLicenseService, GateGuard, GATE_PORTS],
})
export class LicenseModule {}
