import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@biplane/kernel';
import { Public } from '../auth/access.decorators.js';
import { CLOCK } from '../clock/clocks.js';

export const SERVICE = Symbol('SERVICE');

/** Which program this is. */
export interface ServiceIdentity {
  readonly name: string;
  readonly version: string;
  readonly instanceId: string;
}

export class VersionResponse {
  @ApiProperty() service!: string;
  @ApiProperty() version!: string;
  @ApiProperty() instanceId!: string;
  @ApiProperty({ format: 'date-time', description: 'Where the Clock of this process stands' }) now!: string;
}

@ApiTags('health')
@Controller('version')
export class VersionController {
  constructor(
    @Inject(SERVICE) private readonly service: ServiceIdentity,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Public('what runs here is no secret')
  @ApiOkResponse({ type: VersionResponse })
  show(): VersionResponse {
    const { name, version, instanceId } = this.service;
    return { service: name, version, instanceId, now: this.clock.now().toISOString() };
  }
}
