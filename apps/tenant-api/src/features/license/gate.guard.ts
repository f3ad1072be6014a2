import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isUuid, RefusalError } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { invalid, type Principal } from '@biplane/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusalOf, warningHeader } from './domain/refusal.js';
import { GATE, METERS, type Gate } from './gate.metadata.js';
import { LicenseKeeper } from './license-keeper.service.js';
import { CALL_COUNTER, type CallCounter } from './license.ports.js';
import { TenantLicenseService } from './tenant-license.service.js';

/** Asks the license before the route runs. It comes after the guard that authenticated the caller. */
@Injectable()
export class GateGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(CALL_COUNTER) private readonly counter: CallCounter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const gate = this.reflector.getAllAndOverride<Gate | undefined>(GATE, places);
    if (gate?.kind !== 'module') return true;
    const meter = this.reflector.getAllAndOverride<string | undefined>(METERS, places);
    const request = context.switchToHttp().getRequest<FastifyRequest & { principal?: Principal }>();
    const deploymentId = deploymentIdOf(request.headers['x-deployment-id']);
    const license = this.licenses.licenseOf(deploymentId);
    // Another tenant's deployment and one that does not exist get the same answer.
    const isForeign = license !== undefined && !mayActFor(request.principal, license);
    const asked = isForeign ? NOBODY : deploymentId;
    const decision = await this.licenses.checkModuleAccess({ deploymentId: asked }, gate.action, { meter });
    if (!decision.isAllowed) {
      throw new RefusalError(refusalOf(decision, this.keeper.now(), isForeign ? undefined : license?.placement.url));
    }
    const header = warningHeader(decision.warnings);
    if (header !== undefined) void context.switchToHttp().getResponse<FastifyReply>().header('license-warning', header);
    if (meter !== undefined && license) this.counter.count(license, meter, 1);
    return true;
  }
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A client that is bound to a tenant acts for that tenant only; others are services beside this one. */
export function mayActFor(principal: Principal | undefined, license: LicenseClaims): boolean {
  return principal?.tenantId === undefined || principal.tenantId === license.sub;
}

function deploymentIdOf(header: string | string[] | undefined): string {
  const text = (Array.isArray(header) ? header[0] : header)?.toLowerCase() ?? '';
  if (isUuid(text)) return text;
  throw new RefusalError(
    invalid([{ pointer: '/header/x-deployment-id', code: 'UUID', detail: 'X-Deployment-Id must be a UUID' }]),
  );
}
