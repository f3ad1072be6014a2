import { createServer, type ServerResponse } from 'node:http';

/**
 * Answers the probes of a pod while it waits for its pool: alive, and not ready. Whoever runs pods would kill one that does not answer,
 * and each new one would begin to wait anew.
 */
export async function openWaitingRoom(port: number, host: string): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = String(request.url ?? '').split('?', 1)[0];
    if (path === '/health/live') return answer(response, 200, 'application/json', { status: 'ok' });
    answer(response, 503, 'application/problem+json', {
      type: 'urn:biplane:error:SERVICE.UNAVAILABLE',
      title: 'The service cannot answer now',
      status: 503,
      code: 'SERVICE.UNAVAILABLE',
      detail: 'The home is being enrolled',
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, {
    'content-type': type,
    connection: 'close',
    ...(status === 503 && { 'retry-after': '5' }),
  });
  response.end(JSON.stringify(body));
}
