import { Controller, Get, Inject } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/access.decorators.js';

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
}

@ApiTags('health')
@Controller('version')
export class VersionController {
  constructor(@Inject(SERVICE) private readonly service: ServiceIdentity) {}

  @Get()
  @Public('what runs here is no secret')
  show(): VersionResponse {
    return { service: this.service.name, version: this.service.version, instanceId: this.service.instanceId };
  }
}
