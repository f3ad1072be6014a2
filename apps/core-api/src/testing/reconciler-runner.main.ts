import { runReconciler, type ReconcilerInput } from './reconciler-rig.js';

/** A reconciler process over a real cluster: it works until it is killed, by a fault point or by its test. */
const input = JSON.parse(process.argv.at(-1) ?? '{}') as ReconcilerInput;
await runReconciler(input);
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
