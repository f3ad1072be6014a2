// What the pods of the specs run: tells its environment, and does what it is asked.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { HOST, PORT = '8080', EXIT_CODE, EXIT_FILE, EXIT_UNLESS, IGNORE_SIGTERM, CONFIG_FILE, ASK } = process.env;
if (EXIT_UNLESS) process.exit(readFileSync(EXIT_UNLESS, 'utf8') === 'ready' ? 0 : 1);
if (ASK) {
  const answer = await fetch(ASK).catch((error) => ({ ok: false, text: () => String(error.cause ?? error) }));
  console.log(await answer.text());
  process.exit(answer.ok ? 0 : 1);
}
if (EXIT_CODE) process.exit(Number(EXIT_CODE));

let isReady = true;
let isWell = true;
const server = createServer((request, response) => {
  if (request.url === '/ready') return response.writeHead(isReady ? 200 : 503).end();
  if (request.url === '/live') return response.writeHead(isWell ? 200 : 503).end();
  if (request.url === '/unready') isReady = false;
  if (request.url === '/unwell') isWell = false;
  if (request.url === '/prestop' && EXIT_FILE) writeFileSync(EXIT_FILE, 'prestop ', { flag: 'a' });
  try {
    const file = CONFIG_FILE ? readFileSync(CONFIG_FILE, 'utf8') : null;
    response.end(JSON.stringify({ env: process.env, pid: process.pid, file }));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(PORT), HOST);
process.on('SIGTERM', () => {
  if (EXIT_FILE) writeFileSync(EXIT_FILE, 'sigterm', { flag: 'a' });
  if (!IGNORE_SIGTERM) process.exit(0);
});
