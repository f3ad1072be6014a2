import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Ip, Module, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Public } from '../auth/access.decorators.js';
import { ServiceKitModule } from '../service-kit.module.js';
import { writeKeyFiles, type KeyFiles } from '../spec-support/key-files.js';
import { createHttpApp } from './create-app.js';

@Controller('where')
class WhereController {
  @Get()
  @Public('a test')
  where(@Ip() address: string): { address: string } {
    return { address };
  }
}

@Module({ controllers: [WhereController] })
class WhereModule {}

describe('the address of a client', () => {
  let keys: KeyFiles;
  const apps: INestApplication[] = [];

  beforeAll(async () => {
    keys = await writeKeyFiles();
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    keys.remove();
  });

  async function serviceBehind(trustedProxies: readonly string[]): Promise<NestFastifyApplication> {
    const kit = ServiceKitModule.forRoot({
      service: { name: 'where', version: '1', instanceId: 'where-0' },
      nodeEnv: 'test',
      logLevel: 'silent',
      clockFile: undefined,
      fieldKeysFile: keys.fieldKeysFile,
      auth: { issuer: 'biplane-control', clientsFile: keys.clientsFile, tokenKeyFile: keys.tokenKeyFile },
    });
    const module = { module: WhereModule, imports: [kit] };
    const app = await createHttpApp(module, { internalPort: null, splitInternal: false }, trustedProxies);
    apps.push(app);
    await app.init();
    return app;
  }

  it.each([
    ['nobody is trusted: it is the peer', [], '192.0.2.7', '198.51.100.7', '192.0.2.7'],
    ['a stranger is not believed', ['192.0.2.7'], '192.0.2.8', '198.51.100.7', '192.0.2.8'],
    ['a trusted proxy is believed', ['192.0.2.7'], '192.0.2.7', '198.51.100.7', '198.51.100.7'],
    ['what the client wrote itself is not', ['192.0.2.7'], '192.0.2.7', '203.0.113.1, 198.51.100.7', '198.51.100.7'],
    ['of a chain all are known', ['10.0.0.0/8'], '10.0.0.2', '198.51.100.7, 10.1.1.1', '198.51.100.7'],
    ['a chain that is trusted to its end is the far end', ['10.0.0.0/8'], '10.0.0.2', '10.2.2.2', '10.2.2.2'],
    ['a proxy that says nothing is itself the client', ['10.0.0.0/8'], '10.0.0.2', '', '10.0.0.2'],
    ['IPv4 is IPv4 on a socket of IPv6 too', ['10.0.0.0/8'], '::ffff:10.0.0.2', '198.51.100.7', '198.51.100.7'],
    ['networks of IPv6 are networks', ['2001:db8::/32'], '2001:db8::7', '2001:db9::1', '2001:db9::1'],
  ])('says whose a request is: %s', async (_, trustedProxies, remoteAddress, forwarded, address) => {
    const app = await serviceBehind(trustedProxies);
    const headers = { 'x-forwarded-for': forwarded };
    const answer = await app.inject({ method: 'GET', url: '/api/v1/where', remoteAddress, headers });
    expect(answer.json()).toEqual({ address });
  });
});
