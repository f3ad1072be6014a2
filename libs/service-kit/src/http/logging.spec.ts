import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LoggerModule } from 'nestjs-pino';
import { loggingParams } from './logging.js';
import { prefixExclusions } from './paths.js';

const lines: string[] = [];
const service = { name: 'tiny', version: '1.0.0', instanceId: 'tiny-1' };
const params = loggingParams(service as never, 'info', { write: (line) => void lines.push(line) });

@Controller()
class Routes {
  @Get('things')
  things(): string {
    return 'things';
  }
  @Get('public/things/:id')
  open(): string {
    return 'open';
  }
  @Get('health/ready')
  ready(): string {
    return 'ready';
  }
}
@Module({ imports: [LoggerModule.forRoot(params)], controllers: [Routes] })
class Root {}

describe('the log of requests', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(Root, new FastifyAdapter(), { logger: false });
    app.setGlobalPrefix('api/v1', { exclude: prefixExclusions(['health', 'public']) });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(() => app.close());

  const logged = async (url: string): Promise<string[]> => {
    lines.length = 0;
    expect((await app.inject({ method: 'GET', url })).statusCode).toBe(200);
    return lines.map((line) => (JSON.parse(line) as { req: { path: string } }).req.path);
  };

  it.each(['/api/v1/things', '/public/things/1?token=s3cret'])('has one line of %s, by its path alone', async (url) => {
    expect(await logged(url)).toEqual([url.split('?')[0]]);
  });

  it('has none of a probe', async () => {
    expect(await logged('/health/ready')).toEqual([]);
  });
});
