import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Precondition, type Tx } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { Audit, type Actor } from '../audit/index.js';
import type { RegionBody } from './regions.dto.js';
import { RegionErrors } from './regions.errors.js';
import { regionJson } from './regions.json.js';
import { RegionsStore, type Home, type Region } from './regions.store.js';

@Injectable()
export class RegionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegionsStore,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENVIRONMENT) private readonly environment: CoreEnvironment,
  ) {}

  list(): Promise<Region[]> {
    return this.store.list(this.unitOfWork.reader);
  }

  async get(code: string): Promise<Region> {
    const region = await this.store.find(this.unitOfWork.reader, code);
    if (region) return region;
    const configured = this.environment.REGIONS.join(', ');
    throw new RefusalError(RegionErrors.NOT_FOUND({ detail: `Configured regions: ${configured}` }));
  }

  /** The region a deployment is asked for in: 422 when it is not described. */
  async required(tx: Tx, code: string): Promise<Region> {
    const region = await this.store.find(tx, code);
    if (region) return region;
    throw new RefusalError(RegionErrors.UNKNOWN({ detail: `"${code}" was not described with PUT /regions` }));
  }

  async put(code: string, body: RegionBody, expected: Precondition, actor: Actor): Promise<Region> {
    if (!this.environment.REGIONS.includes(code)) {
      const detail = `"${code}" is not among REGIONS (${this.environment.REGIONS.join(', ')})`;
      throw new RefusalError(RegionErrors.NOT_CONFIGURED({ detail }));
    }
    return this.unitOfWork.run(async (tx) => {
      const now = this.clock.now();
      const before = await this.store.locked(tx, code);
      expected.holds(before && regionJson(before));
      const pool = body.pools[0] ? { homeId: body.pools[0].homeId.toLowerCase(), url: body.pools[0].url } : null;
      await this.store.save(tx, { ...body, code }, now);
      if (!(await this.store.savePool(tx, code, pool, now))) throw homeElsewhere(pool!.homeId);
      const after = await this.required(tx, code);
      await this.audit.record(tx, {
        actor,
        action: 'region.put',
        object: { type: 'region', id: code },
        before: before && regionJson(before),
        after: regionJson(after),
      });
      return after;
    });
  }

  /** A home of its own for a dedicated deployment. */
  async addDedicatedHome(tx: Tx, home: Home): Promise<void> {
    if (!(await this.store.saveHome(tx, home, this.clock.now()))) throw homeElsewhere(home.homeId);
  }

  /** Null for a home that nobody described. */
  home(tx: Tx, homeId: string): Promise<Home | null> {
    return this.store.home(tx, homeId);
  }
}

function homeElsewhere(homeId: string): RefusalError {
  return new RefusalError(
    RegionErrors.HOME_ELSEWHERE({ detail: `Home ${homeId} is not a shared home of this region` }),
  );
}
