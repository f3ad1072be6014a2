import type { V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { ApiError, type ApiClient } from '../api/client.js';

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/** Writes a pod's status: the newest, one write at a time, again and again until it is written or the pod is gone. */
export class StatusWriter {
  private next: V1PodStatus | undefined;
  private writing: Promise<void> | undefined;
  private isGone = false;

  constructor(
    private readonly client: ApiClient,
    private readonly pod: V1Pod,
    private readonly say: (line: string) => void,
  ) {}

  put(status: V1PodStatus): void {
    if (this.isGone) return;
    this.next = status;
    this.writing ??= this.run();
  }

  /** Waits for what was put so far. */
  async settled(): Promise<void> {
    await this.writing;
  }

  /** The pod is no longer there: what was not told, nobody will ask for. */
  drop(): void {
    this.isGone = true;
    this.next = undefined;
  }

  private async run(): Promise<void> {
    let waitMs = RETRY_FIRST_MS;
    while (this.next) {
      const status = this.next;
      this.next = undefined;
      try {
        await this.write(status);
        waitMs = RETRY_FIRST_MS;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) {
          this.drop();
          break;
        }
        this.say(`status of ${this.pod.metadata?.namespace}/${this.pod.metadata?.name}: ${(error as Error).message}`);
        this.next ??= this.isGone ? undefined : status;
        await new Promise((done) => setTimeout(done, waitMs));
        waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
      }
    }
    this.writing = undefined;
  }

  private async write(status: V1PodStatus): Promise<void> {
    const { namespace, name, uid } = this.pod.metadata ?? {};
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    // With the uid: a pod of the same name that came later must not be told this one's end.
    const body = { metadata: { uid }, status: patchOf(status) };
    await this.client.text('PATCH', path, { patch: 'strategic-merge', body });
  }
}

/** Lists with a key are merged by it: what is no longer so is taken out by name. Conditions of others are left alone. */
function patchOf(status: V1PodStatus): object {
  return {
    ...status,
    podIPs: [{ $patch: 'replace' }, ...(status.podIPs ?? [])],
    conditions: (status.conditions ?? []).map((condition) => ({ reason: null, message: null, ...condition })),
  };
}
