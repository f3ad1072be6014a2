import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@biplane/kernel';
import { CLOCK, CurrentPrincipal, Scopes, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { policyAt } from './domain/policy.js';
import { FlagBody, ModuleBody, OverrideBody } from './policies.dto.js';
import { PolicyDto } from './policies.responses.js';
import { PoliciesService } from './policies.service.js';

/** What one deployment may use otherwise than its plan says; every change answers with all that holds. */
@ApiTags('deployments')
@Controller('deployments/:id')
@Scopes('platform:admin')
export class PoliciesController {
  constructor(
    private readonly policies: PoliciesService,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('policy')
  @Scopes('platform:admin', 'platform:read', 'tenant:*')
  @ApiOkResponse({ type: PolicyDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<PolicyDto> {
    await this.deployments.readable(this.unitOfWork.reader, id, principal);
    return this.show(id);
  }

  @Put('overrides/:module/:meter')
  @ApiOkResponse({ type: PolicyDto })
  async override(
    @UuidParam('id') id: string,
    @Param('module') module: string,
    @Param('meter') meter: string,
    @Body() body: OverrideBody,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.override(id, module, meter, body, actor);
    return this.show(id);
  }

  @Delete('overrides/:module/:meter')
  @ApiOkResponse({ type: PolicyDto })
  async removeOverride(
    @UuidParam('id') id: string,
    @Param('module') module: string,
    @Param('meter') meter: string,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.removeOverride(id, module, meter, actor);
    return this.show(id);
  }

  @Put('modules/:module')
  @ApiOkResponse({ type: PolicyDto })
  async setModule(
    @UuidParam('id') id: string,
    @Param('module') module: string,
    @Body() body: ModuleBody,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.switchModule(id, module, body.enabled, actor);
    return this.show(id);
  }

  /** The same as `{"enabled": false}`. */
  @Delete('modules/:module')
  @ApiOkResponse({ type: PolicyDto })
  async removeModule(
    @UuidParam('id') id: string,
    @Param('module') module: string,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.switchModule(id, module, false, actor);
    return this.show(id);
  }

  @Put('flags/:flag')
  @ApiOkResponse({ type: PolicyDto })
  async setFlag(
    @UuidParam('id') id: string,
    @Param('flag') flag: string,
    @Body() body: FlagBody,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.setFlag(id, flag, body, actor);
    return this.show(id);
  }

  @Delete('flags/:flag')
  @ApiOkResponse({ type: PolicyDto })
  async removeFlag(
    @UuidParam('id') id: string,
    @Param('flag') flag: string,
    @CurrentActor() actor: Actor,
  ): Promise<PolicyDto> {
    await this.policies.removeFlag(id, flag, actor);
    return this.show(id);
  }

  private async show(deploymentId: string): Promise<PolicyDto> {
    const events = await this.policies.events(this.unitOfWork.reader, deploymentId);
    const { overrides, disabledModules, flags } = policyAt(events, this.clock.now());
    return {
      deploymentId,
      overrides: overrides.map(({ removed: _, ...override }) => override),
      disabledModules,
      flags: flags.map(({ removed: _, ...flag }) => flag),
      moduleEvents: events.modules,
    };
  }
}
