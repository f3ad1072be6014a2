import { runCore, type CoreOptions } from './running-core.js';

// A service that runs until it is killed: for kill tests, which name the point in FAULT_POINTS.
await runCore(JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions);
