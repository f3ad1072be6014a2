import { isUuid, RefusalError } from '@biplane/kernel';
import type { Decision, LicenseClaims } from '@biplane/licensing';
import type { LicenseGate } from '../gate/license-gate.js';
import type { CallTally } from '../usage/call-tally.js';
import { GateErrors } from './gate.errors.js';
import type { GatePorts } from './gate.ports.js';

export interface RequestPorts {
  /** For whom the request is; the header `X-Deployment-Id` unless given. Anything but a UUID is refused with 400. */
  readonly deploymentOf?: (request: never) => string | undefined;
  /** Whether the caller may act for the license's tenant (`license.sub`). Everybody may unless given. */
  readonly mayActFor?: (request: never, license: LicenseClaims) => boolean;
}

/** The guard's questions, answered by the gate of a tenant service. */
export class ServiceGatePorts implements GatePorts {
  constructor(
    private readonly gate: LicenseGate,
    private readonly tally: CallTally | undefined,
    private readonly request: RequestPorts,
  ) {}

  deploymentOf(request: unknown): string {
    const id = (this.request.deploymentOf ?? headerOf)(request as never)?.toLowerCase() ?? '';
    if (isUuid(id)) return id;
    throw new RefusalError(GateErrors.DEPLOYMENT_INVALID({ detail: 'The id of the deployment must be a UUID' }));
  }

  mayActFor(request: unknown, license: LicenseClaims): boolean {
    return this.request.mayActFor?.(request as never, license) ?? true;
  }

  licenseOf(deploymentId: string): LicenseClaims | undefined {
    return this.gate.licenseOf(deploymentId);
  }

  check(deploymentId: string, action: string, meter: string | undefined): Decision | Promise<Decision> {
    return meter === undefined ? this.gate.check(deploymentId, action) : this.checkCounted(deploymentId, action, meter);
  }

  private async checkCounted(deploymentId: string, action: string, meter: string): Promise<Decision> {
    const decision = await this.gate.check(deploymentId, action, { meter });
    if (decision.isAllowed) this.tally?.count(deploymentId, meter, 1);
    return decision;
  }

  now(): Date {
    return this.gate.now();
  }
}

function headerOf(request: { headers: Record<string, string | string[] | undefined> }): string | undefined {
  const header = request.headers['x-deployment-id'];
  return Array.isArray(header) ? header[0] : header;
}
