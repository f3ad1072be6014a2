import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { SubscriptionDto } from '../deployments/index.js';

class RemainingDto {
  @ApiInstant() readonly from!: Date;
  @ApiInstant() readonly to!: Date;
}

export class CancelledSubscriptionDto extends SubscriptionDto {
  @ApiProperty({
    type: RemainingDto,
    nullable: true,
    description: 'While it still works; null when it stopped at once',
  })
  readonly remaining!: RemainingDto | null;
}
