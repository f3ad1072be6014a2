import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/access.decorators.js';
import { HealthRegistry, type HealthReport } from './health-registry.js';

const RESULTS = ['ok', 'failing'];

export class HealthResponse implements HealthReport {
  @ApiProperty({ enum: RESULTS }) readonly status!: HealthReport['status'];
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: RESULTS },
    example: { database: 'ok' },
    description: 'Names only: why a check fails stands in the log',
  })
  readonly checks!: HealthReport['checks'];
}

@ApiTags('health')
@Controller('health')
@Public('probes of the platform carry no token; only names of checks are told')
export class HealthController {
  constructor(@Inject(HealthRegistry) private readonly health: HealthRegistry) {}

  /** 200, or 503 when a restart would help. */
  @Get('live')
  @ApiOkResponse({ type: HealthResponse, description: 'All is well' })
  @ApiServiceUnavailableResponse({ type: HealthResponse, description: 'A restart would help' })
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthResponse> {
    return answer(reply, await this.health.live());
  }

  /** 200, or 503 when requests should go to another replica. */
  @Get('ready')
  @ApiOkResponse({ type: HealthResponse, description: 'Requests may come' })
  @ApiServiceUnavailableResponse({ type: HealthResponse, description: 'Ask another replica' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthResponse> {
    return answer(reply, await this.health.ready());
  }
}

function answer(reply: FastifyReply, report: HealthReport): HealthReport {
  void reply.status(report.status === 'ok' ? 200 : 503).header('cache-control', 'no-store');
  return report;
}
