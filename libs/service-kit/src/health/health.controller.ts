import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/access.decorators.js';
import { HealthRegistry, type HealthReport } from './health-registry.js';

@ApiTags('health')
@Controller('health')
@Public('probes of the platform carry no token; only names of checks are told')
export class HealthController {
  constructor(@Inject(HealthRegistry) private readonly health: HealthRegistry) {}

  /** 200, or 503 when a restart would help. */
  @Get('live')
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return answer(reply, await this.health.live());
  }

  /** 200, or 503 when requests should go to another replica. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return answer(reply, await this.health.ready());
  }
}

function answer(reply: FastifyReply, report: HealthReport): HealthReport {
  void reply.status(report.status === 'ok' ? 200 : 503).header('cache-control', 'no-store');
  return report;
}
