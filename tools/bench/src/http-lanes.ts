import { connect, type Socket } from 'node:net';

/** The caller sleeps so long after each burst. */
const SLEEP_MS = 4;

/**
 * So many requests at once, one a connection, at a fixed pace. While the service answers the caller sleeps, and not by waiting for
 * answers: else the service would pay for waking it, or not, by which of the two happens to be faster.
 */
export class HttpLanes {
  private constructor(private readonly sockets: readonly Socket[]) {}

  static async open(url: string, lanes: number): Promise<HttpLanes> {
    const { hostname, port } = new URL(url);
    const opened = Array.from({ length: lanes }, () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      return new Promise<Socket>((resolve, reject) => {
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      });
    });
    return new HttpLanes(await Promise.all(opened));
  }

  /** Sends `times` requests; how many were answered with each status. */
  async send(times: number, request: (index: number) => string): Promise<ReadonlyMap<string, number>> {
    const statuses = new Map<string, number>();
    for (let sent = 0; sent < times; sent += this.sockets.length) {
      const burst = this.sockets.slice(0, times - sent).map((socket, lane) => exchange(socket, request(sent + lane)));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS);
      for (const status of await Promise.all(burst)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    return statuses;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const done = (end: () => void): void => {
      socket.off('data', onData).off('close', onClose);
      end();
    };
    const onClose = (): void => done(() => reject(new Error('the service closed a connection')));
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(answer.slice(0, head))?.[1] ?? 'NaN');
      if (Number.isNaN(length)) done(() => reject(new Error('an answer without a length')));
      else if (answer.length >= head + 4 + length) done(() => resolve(answer.slice(9, 12)));
    };
    socket.on('data', onData).on('close', onClose);
    socket.write(request);
  });
}

export function getRequest(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
