import { writeFileSync } from 'node:fs';
import { runCore, type CoreOptions } from './running-core.js';

// A service that runs until it is killed: for suites that kill it, or read all that it logs. `announce` names the file that says where it is.
const { announce, ...options } = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & {
  readonly announce?: string;
};
const core = await runCore(options);
if (announce !== undefined) writeFileSync(announce, JSON.stringify({ url: core.url, key: core.key }));
