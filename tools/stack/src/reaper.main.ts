/**
 * Outlives the launcher by a moment: its standard input is a pipe that the launcher holds open. When the launcher ends
 * in any way, SIGKILL included, the pipe closes and this process ends what the launcher started.
 *
 * argv: run id, folders to remove afterwards. stdin: one JSON line per started process.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { endProcesses, processesOfRun, type ProcessIdentity } from './process-identity.js';

const GRACE_MS = 8_000;

const [runId = '', ...foldersToRemove] = process.argv.slice(2);
const registered: { identity: ProcessIdentity; signal: NodeJS.Signals }[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const { pid, startedAt, signal } = JSON.parse(line) as ProcessIdentity & { signal: NodeJS.Signals };
  registered.push({ identity: { pid, startedAt }, signal });
}
await endProcesses(registered, GRACE_MS);
// What was started but not yet registered when the launcher died.
await endProcesses(
  processesOfRun(runId).map((identity) => ({ identity, signal: 'SIGTERM' as const })),
  GRACE_MS,
);
for (const folder of foldersToRemove) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
