import type { MoveReport } from '@biplane/contracts';
import { UnitOfWork } from '@biplane/service-kit';
import { eventually } from '@biplane/testing';
import { hear } from './moves-rig.js';
import { runCore, type CoreOptions } from './running-core.js';

// A service that hears one word of a home, for suites that kill it meanwhile.
const { report, ...options } = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & { readonly report: MoveReport };
const core = await runCore(options);
// As often as it is delivered: the first transaction of a process on a busy machine may not come to its turn.
await eventually(() => core.app.get(UnitOfWork).run((tx) => hear(core.app, tx, report)));
await core.close();
