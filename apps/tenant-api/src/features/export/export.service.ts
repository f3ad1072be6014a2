import { Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, principalMayServe, type Principal } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { TenantHandles } from '../tenancy/index.js';
import { exportVerdict } from './domain/export-window.js';
import { ExportErrors } from './export.errors.js';
import { tenantRows } from './tenant-rows.js';

/** Each holds a connection beside the pools of the tenants. */
const AT_ONCE_MAX = 2;
const BUSY_RETRY_SECONDS = 30;

/** Gives a tenant everything that its database holds. */
@Injectable()
export class ExportService {
  private readonly logger = new Logger('Export');
  private running = 0;

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Lines of JSON. What can be refused is refused before the first of them. */
  async open(deploymentId: string, principal: Principal): Promise<Readable> {
    const license = this.admitted(deploymentId, principal);
    if (this.running >= AT_ONCE_MAX) {
      const detail = `${AT_ONCE_MAX} exports run on this replica`;
      throw new RefusalError(ExportErrors.BUSY({ detail, retryAfterSeconds: BUSY_RETRY_SECONDS }));
    }
    this.running += 1;
    try {
      return await this.stream(license);
    } catch (error) {
      this.running -= 1;
      throw error;
    }
  }

  private async stream(license: LicenseClaims): Promise<Readable> {
    const deploymentId = license.deployment.id;
    const session = await this.handles.openSession(deploymentId);
    const head = {
      deploymentId,
      tenantId: license.sub,
      licenseVersion: license.version,
      at: this.clock.now().toISOString(),
    };
    const lines = Readable.from(tenantRows(session, head), { objectMode: false, highWaterMark: 65_536 });
    lines.once('close', () => {
      this.running -= 1;
      void session.end().catch(() => undefined);
    });
    lines.once('error', (error) => this.logger.warn({ err: error, deploymentId }, 'an export ended before its end'));
    return lines;
  }

  private admitted(deploymentId: string, principal: Principal): LicenseClaims {
    const license = this.licenses.licenseOf(deploymentId);
    if (!license || !principalMayServe(principal, license.sub)) {
      throw new RefusalError(ExportErrors.UNKNOWN({ detail: 'No such deployment is known here' }));
    }
    const verdict = exportVerdict(license, this.licenses.now());
    if (verdict === 'open') return license;
    if (verdict === 'purged') {
      throw new RefusalError(ExportErrors.PURGED({ detail: `The last day was ${license.purgeAfter}` }));
    }
    throw new RefusalError(ExportErrors.REFUSED({ detail: `The license is ${license.status}` }));
  }
}
