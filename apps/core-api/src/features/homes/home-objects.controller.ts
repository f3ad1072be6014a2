import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ApiInstant, CurrentPrincipal, Scopes, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { OBJECT_STATES, type ObjectState } from './domain/home-object.js';
import { HomeObjectsStore } from './home-objects.store.js';
import { HomesStore } from './homes.store.js';

export class HomeObjectDto {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ example: 'Deployment' }) readonly kind!: string;
  @ApiProperty({ example: 'tenant-api' }) readonly name!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Null of a namespace' }) readonly namespace!: string | null;
  @ApiProperty({ enum: OBJECT_STATES }) readonly state!: ObjectState;
  @ApiProperty({ type: String, nullable: true, description: 'Null when it is there' }) readonly reason!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of kinds that count their changes' })
  readonly generation!: number | null;
  @ApiInstant({ description: 'When it was first seen as it is' }) readonly since!: Date;
}

export class HomeObjectsDto {
  @ApiProperty({ type: [HomeObjectDto], description: 'Of its newest home first; none of a pool' })
  readonly data!: readonly HomeObjectDto[];
}

/** What the reconciler wrote down: core-api asks no cluster. */
@ApiTags('deployments')
@Controller('deployments')
export class HomeObjectsController {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly homes: HomesStore,
    private readonly objects: HomeObjectsStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** What the homes of its own have in their cluster, and what of it is missing, held up or another's, as it was last seen. */
  @Get(':id/objects')
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: HomeObjectsDto })
  async list(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<HomeObjectsDto> {
    const tx = this.unitOfWork.reader;
    await this.deployments.readable(tx, id, principal);
    const homeIds = (await this.homes.ofDeployment(tx, id)).map(({ homeId }) => homeId);
    const byHome = await this.objects.ofHomes(tx, homeIds);
    return { data: homeIds.flatMap((homeId) => byHome.get(homeId)!.map((object) => ({ homeId, ...object }))) };
  }
}
