import { pathToFileURL } from 'node:url';
import { asJavaScript } from './source-tree.mjs';

// Whoever started it holds the other end, and lets go of it even when it is killed. It keeps nothing alive.
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();
process.stdin.unref();

// The program is as if it had been started itself.
const [file] = process.argv.splice(1, 2, process.argv[2]).slice(1);
await import(await asJavaScript(pathToFileURL(file)));
