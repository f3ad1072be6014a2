import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceVariables } from '../environment/common-variables.js';
import { homeClientFactory } from '../spec-support/database.js';
import { TinyModule } from '../spec-support/tiny-app.js';
import { DOCS } from '../spec-support/tiny-service.js';
import { createHttpApp } from './create-app.js';
import { writeReference } from './reference.js';

const NOWHERE = { clientsFile: '/nowhere', tokenKeyFile: '/nowhere', fieldKeysFile: '/nowhere' };
const DATABASE = 'postgresql://nobody@127.0.0.1:1/none';

describe('the generated reference', () => {
  let out: string;
  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'biplane-reference-'));
  });
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  const write = async (): Promise<string[]> => {
    const module = TinyModule.register({
      keys: NOWHERE,
      databaseUrl: DATABASE,
      clientFactory: await homeClientFactory(),
    });
    const files = await writeReference({ app: 'tiny', module, docs: DOCS, environment: serviceVariables, out });
    return files.map((file) => readFileSync(file, 'utf8'));
  };

  it('is the same twice, without database, broker or keys', async () => {
    expect(await write()).toEqual(await write());
  });

  it('describes each route with its scopes, its schema from the validators, and problems', async () => {
    const [openApi, errors, scopes, env] = await write();
    const document = JSON.parse(openApi!) as { openapi: string; paths: object; components: { schemas: object } };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/things',
        '/api/v1/things/{id}',
        '/health/live',
        '/internal/things',
        '/oauth/token',
      ]),
    );
    expect(document.paths).toMatchObject({
      '/api/v1/things/{id}': {
        get: {
          security: [{ token: ['platform:read'] }, { token: ['tenant:*'] }],
          responses: { default: { $ref: '#/components/responses/Problem' } },
        },
      },
    });
    expect(document.components.schemas).toMatchObject({
      ThingBody: {
        required: ['name'],
        properties: {
          name: { type: 'string', maxLength: 20 },
          size: { type: 'integer', minimum: 1 },
          parts: { type: 'array', items: { $ref: '#/components/schemas/PartBody' } },
        },
      },
    });
    expect(document.components.schemas).toMatchObject({
      ThingDto: {
        properties: {
          price: { anyOf: [{ $ref: '#/components/schemas/MoneyDto' }, { type: 'null' }] },
          color: { enum: ['red', 'blue', null], type: ['string', 'null'] },
          soldAt: { type: ['string', 'null'], format: 'date-time' },
        },
      },
    });
    expect(document.paths).toMatchObject({
      '/api/v1/things': {
        get: {
          responses: {
            200: {
              content: {
                'application/json': {
                  schema: {
                    required: ['data', 'page'],
                    properties: {
                      data: { type: 'array', items: { $ref: '#/components/schemas/ThingDto' } },
                      page: { $ref: '#/components/schemas/PagePositionDto' },
                    },
                  },
                },
              },
            },
          },
        },
      },
    });
    expect(document.paths).toMatchObject({
      '/api/v1/things': {
        get: { parameters: [{ name: 'color' }, { name: 'limit', schema: { maximum: 200 } }, { name: 'cursor' }] },
      },
    });
    expect(errors).toContain('## AUTH.SCOPE_MISSING');
    expect(scopes).toContain('| GET | `/api/v1/things/:id` | `platform:read` or `tenant:*` |');
    expect(env).toContain('CLIENTS_FILE=');
  });

  it('a route that does not say who may use it stops the start', async () => {
    const module = TinyModule.register({
      keys: NOWHERE,
      databaseUrl: DATABASE,
      clientFactory: await homeClientFactory(),
      undeclared: true,
    });
    const { writeKeyFiles } = await import('../spec-support/key-files.js');
    const keys = await writeKeyFiles();
    const complete = TinyModule.register({
      keys,
      databaseUrl: DATABASE,
      clientFactory: await homeClientFactory(),
      undeclared: true,
    });
    await expect(createHttpApp(complete, { internalPort: null, splitInternal: false })).rejects.toThrow(
      'GET /api/v1/open (UndeclaredController.forgotten)',
    );
    await expect(createHttpApp(module, { internalPort: null, splitInternal: false })).rejects.toThrow('/nowhere');
    keys.remove();
  });
});
