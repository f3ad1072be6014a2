import { bootstrap, type RunningService } from '../http/bootstrap.js';
import { executeSql } from '../database/tx.js';
import { createTestDatabase, homeClientFactory, openHomeDatabase, type TestDatabase } from './database.js';
import { SECRET, writeKeyFiles, type KeyFiles } from './key-files.js';
import { TinyModule } from './tiny-app.js';

export interface TinyService {
  readonly running: RunningService;
  readonly keys: KeyFiles;
  readonly database: TestDatabase;
  token(clientId: string, url?: string): Promise<string>;
  stop(): Promise<void>;
}

export const DOCS = { title: 'tiny', description: 'A service for specs', version: '1.2.3' };

export async function startTinyService(): Promise<TinyService> {
  const keys = await writeKeyFiles();
  const database = await createTestDatabase();
  const clientFactory = await homeClientFactory();
  const unitOfWork = await openHomeDatabase(database.url, clientFactory);
  await executeSql(unitOfWork.reader, 'CREATE TABLE thing (name text NOT NULL)');
  await unitOfWork.close();
  const running = await bootstrap({
    module: TinyModule.register({ keys, databaseUrl: database.url, clientFactory }),
    host: '127.0.0.1',
    port: 0,
    internalPort: 0,
    docs: DOCS,
    handleSignals: false,
  });
  return {
    running,
    keys,
    database,
    token: (clientId, url) => fetchToken(url ?? running.url, clientId),
    stop: async () => {
      await running.close();
      keys.remove();
      await database.drop();
    },
  };
}

export function requestToken(url: string, clientId: string, secret: string, form: string): Promise<Response> {
  return fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form,
  });
}

async function fetchToken(url: string, clientId: string): Promise<string> {
  const response = await requestToken(url, clientId, SECRET, 'grant_type=client_credentials');
  const body = (await response.json()) as { access_token: string };
  if (response.status !== 200) throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
  return body.access_token;
}
