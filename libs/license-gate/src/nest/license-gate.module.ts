import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, ModulesContainer } from '@nestjs/core';
import type { LicenseGate } from '../gate/license-gate.js';
import { CallTally } from '../usage/call-tally.js';
import type { UsageClient } from '../usage/usage-client.js';
import { undeclaredRoutes } from './declared-routes.js';
import { ServiceGatePorts, type RequestPorts } from './service-gate-ports.js';
import { GateGuard } from './gate.guard.js';
import { GATE_PORTS } from './gate.ports.js';
import { RefusalFilter } from './refusal.filter.js';

export interface LicenseGateModuleOptions extends RequestPorts {
  /** Started and stopped with the application. */
  readonly gate: LicenseGate;
  /** Takes what `@Meters` counts, each second; closed with the application. Without it nothing is counted. */
  readonly usage?: UsageClient;
  /** Controllers of other packages, which cannot carry `@Ungated`. Any other route that declares nothing refuses the start. */
  readonly exempt?: readonly Type[];
}

export const LICENSE_GATE = Symbol('LICENSE_GATE');
const OPTIONS = Symbol('LICENSE_GATE_OPTIONS');
const TALLY = Symbol('LICENSE_GATE_TALLY');

/** Starts the gate before the first request and stops it after the last one. */
class GateLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(OPTIONS) private readonly options: LicenseGateModuleOptions,
    @Inject(TALLY) private readonly tally: CallTally | null,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const undeclared = undeclaredRoutes(this.modules, this.options.exempt ?? []);
    if (undeclared.length > 0) {
      throw new Error(`These routes carry neither @RequireModule nor @Ungated('why'): ${undeclared.join(', ')}`);
    }
    await this.options.usage?.start();
    await this.options.gate.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.tally?.close();
    await this.options.usage?.close();
    await this.options.gate.stop();
  }
}

@Module({})
export class LicenseGateModule {
  static forRoot(options: LicenseGateModuleOptions): DynamicModule {
    const tally = options.usage ? new CallTally(options.usage) : null;
    return {
      module: LicenseGateModule,
      global: true,
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: TALLY, useValue: tally },
        { provide: LICENSE_GATE, useValue: options.gate },
        { provide: GATE_PORTS, useValue: new ServiceGatePorts(options.gate, tally ?? undefined, options) },
        { provide: APP_FILTER, useClass: RefusalFilter },
        GateGuard,
        GateLifecycle,
      ],
      exports: [LICENSE_GATE, GATE_PORTS, GateGuard],
    };
  }
}
