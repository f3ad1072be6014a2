import { Inject, Injectable, Logger } from '@nestjs/common';
import { reconcilerAccess, type AccessAnswer, type ClusterGateway } from '../cluster/index.js';
import { CLUSTER } from './reconciler-settings.js';

/** Asks the cluster what this process may do: a role that lost a verb is told by name, before a home needs it. */
@Injectable()
export class Permissions {
  private readonly logger = new Logger('Reconciler');
  private absent: readonly string[] = [];
  private checked = false;

  constructor(@Inject(CLUSTER) private readonly gateway: ClusterGateway) {}

  /** As `verb resource.group`; empty when nothing is missing, or nobody could be asked yet. */
  get missing(): readonly string[] {
    return this.absent;
  }

  get isChecked(): boolean {
    return this.checked;
  }

  /** Throws when the cluster does not answer. */
  async check(): Promise<void> {
    const answers = await this.gateway.accessReview(reconcilerAccess);
    const missing = answers.filter(({ allowed }) => !allowed).map(nameOf);
    if (missing.join() !== this.absent.join()) {
      if (missing.length > 0) this.logger.error({ missing }, 'rights in the cluster are missing');
      else this.logger.log('no rights in the cluster are missing any more');
    }
    this.absent = missing;
    this.checked = true;
  }
}

function nameOf({ verb, resource, group, name }: AccessAnswer): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` named ${name}`}`;
}
