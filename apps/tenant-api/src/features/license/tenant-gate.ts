import { Inject, Injectable } from '@nestjs/common';
import { isUuid, RefusalError } from '@biplane/kernel';
import type { GatePorts } from '@biplane/license-gate/nest';
import type { Decision, LicenseClaims } from '@biplane/licensing';
import { invalid, type Principal } from '@biplane/service-kit';
import type { FastifyRequest } from 'fastify';
import { LicenseKeeper } from './license-keeper.service.js';
import { CALL_COUNTER, type CallCounter } from './license.ports.js';
import { TenantLicenseService } from './tenant-license.service.js';

/** What the guard of libs/license-gate asks of this home: its licenses, its counters, and whom the caller may act for. */
@Injectable()
export class TenantGate implements GatePorts {
  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(CALL_COUNTER) private readonly counter: CallCounter,
  ) {}

  deploymentOf(request: unknown): string {
    const header = (request as FastifyRequest).headers['x-deployment-id'];
    const text = (Array.isArray(header) ? header[0] : header)?.toLowerCase() ?? '';
    if (isUuid(text)) return text;
    throw new RefusalError(
      invalid([{ pointer: '/header/x-deployment-id', code: 'UUID', detail: 'X-Deployment-Id must be a UUID' }]),
    );
  }

  mayActFor(request: unknown, license: LicenseClaims): boolean {
    return mayActFor((request as { principal?: Principal }).principal, license);
  }

  licenseOf(deploymentId: string): LicenseClaims | undefined {
    return this.licenses.licenseOf(deploymentId);
  }

  check(deploymentId: string, action: string, meter: string | undefined): Decision | Promise<Decision> {
    return this.licenses.admit({ deploymentId }, action, meter, (license, at) => {
      if (meter !== undefined) this.counter.count(license, meter, 1, at);
    });
  }

  now(): Date {
    return this.keeper.now();
  }
}

/** A client that is bound to a tenant acts for that tenant only; others are services beside this one. */
export function mayActFor(principal: Principal | undefined, license: LicenseClaims): boolean {
  return principal?.tenantId === undefined || principal.tenantId === license.sub;
}
