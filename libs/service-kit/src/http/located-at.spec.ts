import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, HttpCode, Module, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiProperty } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Public } from '../auth/access.decorators.js';
import { ServiceKitModule } from '../service-kit.module.js';
import { writeKeyFiles, type KeyFiles } from '../spec-support/key-files.js';
import { createHttpApp } from './create-app.js';
import { LocatedAt } from './located-at.js';
import { openApiDocument } from './openapi.js';

class RunDto {
  @ApiProperty() id!: string;
}

@Controller('runs')
@Public('a test')
class RunsController {
  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ type: RunDto })
  @LocatedAt({ 202: 'runs/{run.id}' })
  begin(): { run: RunDto } {
    return { run: { id: 'a/b' } };
  }

  @Post('ended')
  @LocatedAt({ 202: 'runs/{run.id}' })
  end(@Res({ passthrough: true }) reply: { status(code: number): unknown }): object {
    reply.status(200);
    return {};
  }
}

@Module({ controllers: [RunsController] })
class RunsModule {}

describe('the place of what was begun or made', () => {
  let keys: KeyFiles;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    keys = await writeKeyFiles();
    const kit = ServiceKitModule.forRoot({
      service: { name: 'runs', version: '1', instanceId: 'runs-0' },
      nodeEnv: 'test',
      logLevel: 'silent',
      clockFile: undefined,
      fieldKeysFile: keys.fieldKeysFile,
      auth: { issuer: 'biplane-control', clientsFile: keys.clientsFile, tokenKeyFile: keys.tokenKeyFile },
    });
    app = await createHttpApp({ module: RunsModule, imports: [kit] }, { internalPort: null, splitInternal: false });
    await app.init();
  });
  afterAll(async () => {
    await app.close();
    keys.remove();
  });

  const post = (url: string) => app.inject({ method: 'POST', url });

  it('is in the answer, from its members, and in the document', async () => {
    const answer = await post('/api/v1/runs');
    expect([answer.statusCode, answer.headers['location']]).toEqual([202, '/api/v1/runs/a%2Fb']);
    const document = openApiDocument(app, { title: 'runs', description: '', version: '1' });
    expect(document.paths['/api/v1/runs']?.post?.responses['202']).toMatchObject({
      headers: { Location: { description: '/api/v1/runs/{run.id}, with members of the answer', required: true } },
    });
  });

  it('is not in an answer of another status', async () => {
    const answer = await post('/api/v1/runs/ended');
    expect([answer.statusCode, answer.headers['location']]).toEqual([200, undefined]);
  });
});
