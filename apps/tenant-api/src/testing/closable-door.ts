import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** An address at which a part can be reached, or not: closed, connections are refused, and those that were open are reset. */
export interface ClosableDoor {
  readonly url: string;
  open(): Promise<void>;
  close(): Promise<void>;
}

export async function closableDoor(targetUrl: string): Promise<ClosableDoor> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  const listen = (port: number): Promise<Server> => {
    const made = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [from, to] of [[near, far], [far, near]] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      } // prettier-ignore
    });
    return new Promise((resolve, reject) => {
      made.once('error', reject).listen(port, '127.0.0.1', () => resolve(made));
    });
  };
  server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(targetUrl);
  [url.hostname, url.port] = ['127.0.0.1', String(port)];
  return {
    url: url.href,
    async open() {
      server ??= await listen(port);
    },
    async close() {
      const closing = server;
      server = null;
      if (closing === null) return;
      const closed = new Promise((resolve) => closing.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
