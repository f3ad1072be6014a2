/** A node agent in a process of its own. argv: the file with its options. Ends with the run that started it. */
import { readFileSync } from 'node:fs';
import { NodeAgent } from './agent/agent.js';
import type { AgentOptions } from './agent/options.js';

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as AgentOptions;
const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const agent = new NodeAgent(options, process.env, say);

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => void agent.stop().finally(() => process.exit(0)));
}
await agent.start(() => {
  say('another agent has this node');
  void agent.yieldNode().finally(() => process.exit(1));
});
