import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { findCommand } from '@biplane/stack';

const run = promisify(execFile);
const ATTEMPTS = 50;

/**
 * Addresses of this machine, one for each pod, so that many may listen on the same port. As root on Linux they are added
 * to the loopback interface, out of the range that no network uses (RFC 2544): Kubernetes takes no 127.x.y.z into
 * Endpoints. Otherwise they are 127.x.y.z, which Linux answers without being told.
 */
export class Addresses {
  private readonly mine = new Set<string>();
  private readonly label = `lo:bp${process.pid}`;

  private constructor(private readonly ip: string | null) {}

  static async open(environment: NodeJS.ProcessEnv): Promise<Addresses> {
    const ip =
      process.platform === 'linux' ? findCommand('ip', { PATH: `${environment['PATH']}:/usr/sbin:/sbin` }) : null;
    const addresses = new Addresses(ip);
    if (ip && (await addresses.sweep())) return addresses;
    return new Addresses(null);
  }

  /** True when the addresses are such that Endpoints take them. */
  get areAdded(): boolean {
    return this.ip !== null;
  }

  async take(): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const tail = `${randomInt(256)}.${randomInt(1, 255)}`;
      const address = this.ip ? `198.18.${tail}` : `127.${randomInt(16, 256)}.${tail}`;
      if (this.mine.has(address)) continue;
      if (await this.claim(address)) return address;
    }
    throw new Error('No free address was found for a pod');
  }

  /** Adds exactly this address; false when somebody else has it. */
  async claim(address: string): Promise<boolean> {
    if (this.mine.has(address)) return false;
    this.mine.add(address);
    if (!this.ip) return true;
    try {
      await run(this.ip, ['addr', 'add', `${address}/32`, 'dev', 'lo', 'label', this.label]);
      return true;
    } catch {
      this.mine.delete(address);
      return false;
    }
  }

  async release(address: string): Promise<void> {
    if (!this.mine.delete(address) || !this.ip) return;
    await run(this.ip, ['addr', 'del', `${address}/32`, 'dev', 'lo']).catch(() => undefined);
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.mine].map((address) => this.release(address)));
  }

  /** Removes what an agent that was killed left behind; false when we may not change addresses here. */
  private async sweep(): Promise<boolean> {
    if (!this.ip) return false;
    try {
      const { stdout } = await run(this.ip, ['-o', '-4', 'addr', 'show', 'dev', 'lo']);
      for (const [, address = '', pid = ''] of stdout.matchAll(/inet (\S+)\/32 .*lo:bp(\d+)/g)) {
        if (!isRunning(Number(pid))) await run(this.ip, ['addr', 'del', `${address}/32`, 'dev', 'lo']);
      }
      const probe = `198.18.${randomInt(256)}.255/32`;
      await run(this.ip, ['addr', 'add', probe, 'dev', 'lo', 'label', this.label]);
      await run(this.ip, ['addr', 'del', probe, 'dev', 'lo']);
      return true;
    } catch {
      return false;
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
