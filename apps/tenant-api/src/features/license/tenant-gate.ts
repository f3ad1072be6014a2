import { Inject, Injectable } from '@nestjs/common';
import { isUuid, RefusalError } from '@biplane/kernel';
import type { GatePorts } from '@biplane/license-gate/nest';
import type { Decision, LicenseClaims } from '@biplane/licensing';
import { invalid, type Principal } from '@biplane/service-kit';
import type { FastifyRequest } from 'fastify';
import { LicenseKeeper } from './license-keeper.service.js';
import { CALL_COUNTER, type CallCounter } from './license.ports.js';
import { refuseDraining } from './placement.js';
import { TenantLicenseService } from './tenant-license.service.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What the guard of libs/license-gate asks of this home: its licenses, its counters, and whom the caller may act for. */
@Injectable()
export class TenantGate implements GatePorts {
  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(CALL_COUNTER) private readonly counter: CallCounter,
  ) {}

  /** A member's token says it, and was found to agree with the header; of services the header does. */
  deploymentOf(request: unknown): string {
    const ofToken = (request as { principal?: Principal }).principal?.deploymentId;
    if (ofToken !== undefined) return ofToken;
    const header = (request as FastifyRequest).headers['x-deployment-id'];
    const text = (Array.isArray(header) ? header[0] : header)?.toLowerCase() ?? '';
    if (isUuid(text)) return text;
    throw new RefusalError(
      invalid([{ pointer: '/header/x-deployment-id', code: 'UUID', detail: 'X-Deployment-Id must be a UUID' }]),
    );
  }

  mayActFor(request: unknown, license: LicenseClaims): boolean {
    if (!mayActFor((request as { principal?: Principal }).principal, license)) return false;
    if (!READS.has((request as FastifyRequest).method)) refuseDraining(license);
    return true;
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
