import { bootstrap } from '@biplane/service-kit';
import { AppModule, DOCS } from '../app.module.js';
import type { TenantEnvironment } from '../environment.js';

// A whole process of a home that exists, for suites that kill it.
const environment = JSON.parse(process.argv.at(-1) ?? '{}') as TenantEnvironment;
await bootstrap({ module: AppModule.forRoot(environment), host: '127.0.0.1', port: 0, internalPort: 0, docs: DOCS });
