/** Starts a local cluster and holds it until Ctrl-C: for work on what runs against Kubernetes. */
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheFolder, closeRuns, Ports, temporaryRun } from '@biplane/stack';
import { startCluster } from './cluster.js';

const { values } = parseArgs({
  options: { 'write-kubeconfig': { type: 'string' }, 'without-agent': { type: 'boolean', default: false } },
});
const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');
const run = await temporaryRun(cacheFolder(process.env));
const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  const from = performance.now();
  const cluster = await startCluster({
    root,
    environment: process.env,
    folder: path.join(run.privateFolder, 'cluster'),
    group: run.group,
    ports: new Ports(),
    withAgent: !values['without-agent'],
    say,
  });
  const wanted = values['write-kubeconfig'] && path.resolve(values['write-kubeconfig']);
  if (wanted) await copyFile(cluster.kubeconfig, wanted);
  say(`${cluster.about}, ready after ${((performance.now() - from) / 1000).toFixed(1)} s`);
  say(`export TEST_KUBECONFIG=${wanted ?? cluster.kubeconfig}`);
  say('Ctrl-C stops it');
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
  if (wanted) await rm(wanted, { force: true });
  await cluster.stop();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
await closeRuns();
process.exit();
