import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { spawnSource } from './child.js';

const input = JSON.parse(process.argv.at(-1) ?? '{}') as { readonly announce: string; readonly isOuter: boolean };

// The outer one starts the inner one, which says in a file where it listens; neither ends by itself.
if (input.isOuter) spawnSource(new URL(import.meta.url), { ...input, isOuter: false });
const server = createServer().listen(0, '127.0.0.1', () => {
  if (!input.isOuter) writeFileSync(input.announce, String((server.address() as AddressInfo).port));
});
