/** Runs what the reconciler records, in a process of its own. argv: its options as JSON. Ends with the run. */
import { RecordedHomes, type RecordedOptions } from './recorded/recorded-homes.js';

const options = JSON.parse(process.argv[2] ?? '') as RecordedOptions;
const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const homes = await RecordedHomes.start(options, process.env, say);

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => void homes.stop().finally(() => process.exit(0)));
}
