import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, IsUUID, Matches } from 'class-validator';
import { RefusalError } from '@biplane/kernel';
import { QUOTA_KEY_PATTERN, STRATEGY_NAMES } from '@biplane/licensing';
import {
  ApiInstant,
  ApiList,
  CurrentPrincipal,
  Scopes,
  UnitOfWork,
  type Principal,
  type Tx,
} from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { PresentLicenses, type PresentLicense } from '../licenses/index.js';
import { TenantErrors } from '../tenants/index.js';
import { mayAsk, noDeployment } from './access.js';
import { EntitlementErrors } from './entitlements.errors.js';
import { IsQuantity } from './quantity.js';
import { QuotaService, type LimitQuota } from './quota.service.js';

export class QuotaQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;

  @ApiPropertyOptional({ example: 'financials.api_calls.month', description: 'One limit only' })
  @IsOptional()
  @IsString()
  @Matches(QUOTA_KEY_PATTERN, { message: '$property must be module.meter, with .day or .month if it has a window' })
  key?: string;

  @ApiPropertyOptional({ example: '1', description: 'How much more is asked about; 1 when left out' })
  @IsOptional()
  @IsQuantity()
  quantity?: string;
}

export class QuotaDto implements LimitQuota {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'financials.api_calls.month' }) readonly key!: string;
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty({ example: 'api_calls' }) readonly meter!: string;
  @ApiProperty({ enum: ['day', 'month'], nullable: true }) readonly window!: LimitQuota['window'];
  @ApiProperty({ description: 'Whether so much more would be let in, by this limit' }) readonly isAllowed!: boolean;
  @ApiProperty({ example: '88000' }) readonly remaining!: string;
  @ApiProperty({ example: '12000', description: 'With what is held by reservations' }) readonly used!: string;
  @ApiProperty({ example: '100000' }) readonly limit!: string;
  @ApiProperty({ enum: STRATEGY_NAMES }) readonly behavior!: LimitQuota['behavior'];
  @ApiInstant({ nullable: true, description: 'When the window ends; null of a level' }) readonly resetsAt!: Date | null;
  @ApiInstant() readonly asOf!: Date;
  @ApiProperty({ description: 'The count is the home’s, as last told' }) readonly stale!: boolean;
}

@ApiTags('entitlements')
@Controller('billing/quota')
@Scopes('platform:admin', 'platform:read', 'entitlements:check', 'tenant:*')
export class QuotaController {
  constructor(
    private readonly quotas: QuotaService,
    private readonly licenses: PresentLicenses,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Of a deployment, or of all of a tenant; a tenant's own token need not name itself. */
  @Get()
  @ApiOperation({ summary: 'How much of each limit is used, and what is left' })
  @ApiList(QuotaDto)
  async list(@Query() query: QuotaQuery, @CurrentPrincipal() principal: Principal): Promise<{ data: QuotaDto[] }> {
    const tx = this.unitOfWork.reader;
    const data: QuotaDto[] = [];
    for (const { claims } of await this.asked(tx, query, principal)) {
      if (claims) data.push(...(await this.quotas.of(tx, claims, query.quantity ?? '1', query.key)));
    }
    return { data };
  }

  private async asked(tx: Tx, query: QuotaQuery, principal: Principal): Promise<PresentLicense[]> {
    const tenantId = query.tenantId?.toLowerCase() ?? principal.tenantId;
    const deploymentId = query.deploymentId?.toLowerCase();
    if (deploymentId !== undefined) {
      const license = await this.licenses.of(tx, deploymentId);
      const isTheirs = license !== null && mayAsk(principal, license.tenantId);
      if (!isTheirs || (query.tenantId !== undefined && license.tenantId !== tenantId))
        throw noDeployment(deploymentId);
      return [license];
    }
    if (tenantId === undefined) {
      throw new RefusalError(EntitlementErrors.QUOTA_UNSCOPED({ detail: 'tenantId or deploymentId is missing' }));
    }
    const all = mayAsk(principal, tenantId) ? await this.deployments.ofTenant(tx, tenantId) : [];
    if (all.length === 0) throw new RefusalError(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${tenantId}` }));
    const licenses: PresentLicense[] = [];
    for (const { id } of all) {
      const license = await this.licenses.of(tx, id);
      if (license) licenses.push(license);
    }
    return licenses;
  }
}
