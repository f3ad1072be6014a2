import { describe, expect, it } from '@jest/globals';
import { TenantPools, type PoolLimits } from './tenant-pools.js';

const limits: PoolLimits = { connectionsMax: 6, poolsMax: 4, connectionsPerPoolMax: 3, idleMs: 1_000, waitMs: 200 };

/** Databases that count how many are open; closing takes a turn of the event loop, as `$disconnect` does. */
class Server {
  open = 0;
  openMax = 0;
  closed = 0;
  failing = false;

  readonly connect = async () => {
    if (this.failing) throw new Error('no such database');
    this.open += 1;
    this.openMax = Math.max(this.openMax, this.open);
    return {
      isClosed: false,
      close: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        this.open -= 1;
        this.closed += 1;
      },
    };
  };
}

function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

describe('TenantPools', () => {
  it('a thousand evictions leave no more pools and connections than the limits say', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, limits);
    for (let tenant = 0; tenant < 1_004; tenant += 1) await pools.use(`t${tenant}`, async () => undefined);
    expect(server.closed).toBeGreaterThanOrEqual(998);
    expect(pools.connections).toBeLessThanOrEqual(limits.connectionsMax);
    // A closing pool still counts: there is never more open than connections are allowed.
    expect(server.openMax).toBeLessThanOrEqual(limits.connectionsMax);
    await pools.closeAll();
    expect([server.open, pools.size, pools.connections]).toEqual([0, 0, 0]);
  });

  it('many tenants at once share the connections, and every one gets its turn', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, { ...limits, waitMs: 5_000 });
    let inUse = 0;
    let inUseMax = 0;
    const work = async (): Promise<void> => {
      inUse += 1;
      inUseMax = Math.max(inUseMax, inUse);
      await new Promise((resolve) => setImmediate(resolve));
      inUse -= 1;
    };
    await Promise.all(Array.from({ length: 400 }, (_, index) => pools.use(`t${index % 40}`, work)));
    expect(inUseMax).toBeLessThanOrEqual(limits.connectionsMax);
    await pools.closeAll();
    expect(pools.connections).toBe(0);
  });

  it('one busy tenant holds three connections at most, and the others still get in', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, limits);
    const busy = gate();
    const running = Array.from({ length: 3 }, () => pools.use('busy', () => busy.opened));
    await expect(pools.use('busy', async () => undefined)).rejects.toMatchObject({
      failure: { code: 'TENANCY.BUSY', status: 503 },
    });
    await expect(pools.use('calm', async () => 'served')).resolves.toBe('served');
    busy.open();
    await Promise.all(running);
  });

  it('who waits longer than the limit is refused with 503, and gets in when a place is free sooner', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, { ...limits, connectionsMax: 1 });
    const first = gate();
    const running = pools.use('a', () => first.opened);
    await expect(pools.use('b', async () => undefined)).rejects.toMatchObject({ failure: { status: 503 } });
    const second = pools.use('b', async () => 'served');
    first.open();
    await running;
    await expect(second).resolves.toBe('served');
  });

  it('an evicted pool closes after its last user', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, limits);
    const using = gate();
    const running = pools.use('a', () => using.opened);
    await pools.drop('a');
    expect(server.closed).toBe(0);
    using.open();
    await running;
    await pools.closeAll();
    expect(server.closed).toBe(1);
  });

  it('a pool that nobody used for the idle time is closed', async () => {
    let now = 0;
    const server = new Server();
    const pools = new TenantPools(server.connect, limits, () => now);
    await pools.use('a', async () => undefined);
    now = 500;
    await pools.use('b', async () => undefined);
    now = 1_000;
    pools.closeIdle();
    await pools.drop('a');
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(server.open).toBe(1);
    await pools.closeAll();
  });

  it('a database that could not be opened is tried anew by the next user', async () => {
    const server = new Server();
    const pools = new TenantPools(server.connect, limits);
    server.failing = true;
    await expect(pools.use('a', async () => undefined)).rejects.toThrow('no such database');
    server.failing = false;
    await expect(pools.use('a', async () => 'served')).resolves.toBe('served');
    await pools.closeAll();
    expect(pools.connections).toBe(0);
  });
});
