import { createRequire, register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';

const { entry } = JSON.parse(process.argv.at(-1) ?? '{}') as { entry: string };
const { port1, port2 } = new MessageChannel();
const loaded = new Set<string>();
port1.on('message', (url: string) => loaded.add(url));
port1.unref();

// Tells each module that is loaded from here on; what CommonJS packages require in turn stands in the cache of `require`.
const hooks = `
  let port;
  export async function initialize(given) { port = given.port; }
  export async function load(url, context, next) { port.postMessage(url); return next(url, context); }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: { port: port2 }, transferList: [port2] });
await import(entry);
for (const path of Object.keys(createRequire(import.meta.url).cache)) loaded.add(path);
await new Promise((resolve) => setImmediate(resolve));

const nameOf = (url: string): string | undefined => {
  const own = /\/libs\/([^/]+)\/src\//.exec(url)?.[1];
  return own === undefined ? /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] : `@biplane/${own}`;
};
process.stdout.write(JSON.stringify([...new Set([...loaded].map(nameOf))].filter((name) => name !== undefined).sort()));
