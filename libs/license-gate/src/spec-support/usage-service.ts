import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UsageEvent } from '@biplane/contracts';

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Takes usage as both services do: an id counts once, and each event has its result. */
export class UsageService {
  /** What counts, by id. */
  readonly stored = new Map<string, UsageEvent>();
  readonly batches: number[] = [];
  readonly tokens: string[] = [];
  requests = 0;
  /** Codes of rejected meters. */
  readonly rejects = new Map<string, string>();
  /** Called when a request came, before it is stored; an answer that it gives is sent instead. */
  onRequest: (events: readonly UsageEvent[]) => Reply | undefined | Promise<Reply | undefined> = () => undefined;
  /** Called after a batch was stored, before it is answered; `false` ends the connection without an answer. */
  onStored: () => boolean = () => true;
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}/api/v1/usage`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.tokens.push(String(request.headers.authorization));
        const events = JSON.parse(Buffer.concat(chunks).toString()) as UsageEvent[];
        void this.answer(events).then((reply) => {
          if (!reply) return void request.socket.destroy();
          response.writeHead(reply.status, reply.headers).end(JSON.stringify(reply.body ?? {}));
        });
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  private async answer(events: readonly UsageEvent[]): Promise<Reply | undefined> {
    this.requests += 1;
    const instead = await this.onRequest(events);
    if (instead) return instead;
    this.batches.push(events.length);
    const results = events.map((event) => {
      const code = this.rejects.get(event.data.meter);
      if (code !== undefined) return { id: event.id, status: 'rejected', code, detail: 'no' };
      const known = this.stored.has(event.id);
      this.stored.set(event.id, event);
      return { id: event.id, status: known ? 'duplicate' : 'accepted' };
    });
    return this.onStored() ? { status: 202, body: { results } } : undefined;
  }
}
