import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class EnrollRequest {
  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Matches(UUID, { message: 'homeId must be a UUID in lower case' })
  homeId!: string;

  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Matches(UUID, { message: 'deploymentId must be a UUID in lower case' })
  deploymentId!: string;

  @ApiPropertyOptional({ description: 'The placement it knows; another one is refused' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  epoch?: number;
}

/** The database of the deployment under the roles of one epoch. */
export class EnrolledTenantDatabase {
  @ApiProperty() name!: string;
  @ApiProperty() epoch!: number;
  @ApiProperty({ description: 'What its owner mark names: the home from whose template it was cloned' })
  markHomeId!: string;
  @ApiProperty({ description: 'As the role that migrates' }) ownerUrl!: string;
  @ApiProperty({ description: 'As the role that requests run as' }) runtimeUrl!: string;
}

export class EnrolledKafka {
  @ApiProperty() username!: string;
  @ApiProperty() password!: string;
}

export class EnrolledRedis {
  @ApiProperty() url!: string;
  @ApiProperty({ description: "True when the server confines this login to the home's prefix" }) isConfined!: boolean;
}

export class EnrolledFieldKeys {
  @ApiProperty() current!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) keys!: Record<string, string>;
}

export class EnrolledMailCredentials {
  @ApiProperty() username!: string;
  @ApiProperty() password!: string;
}

export class EnrolledMail {
  @ApiProperty({ description: 'As MAIL_URL of the pool' }) url!: string;
  @ApiProperty() from!: string;
  @ApiProperty({ type: EnrolledMailCredentials, nullable: true }) credentials!: EnrolledMailCredentials | null;
  @ApiProperty({ type: String, nullable: true, description: 'PEM of who certifies the server' })
  certificates!: string | null;
}

export class EnrolledClient {
  @ApiProperty() id!: string;
  @ApiProperty() secretHash!: string;
  @ApiProperty({ type: [String] }) scopes!: readonly string[];
  @ApiProperty({ type: [String], nullable: true }) regions!: readonly string[] | null;
}

/** Everything that a dedicated home needs to be a home; its pod holds none of it. */
export class EnrollmentAnswer {
  @ApiProperty({ format: 'uuid' }) homeId!: string;
  @ApiProperty({ description: 'Home database, as its runtime role' }) homeDatabaseUrl!: string;
  @ApiProperty({ description: 'The same, as the role that owns its tables' }) homeMigrationDatabaseUrl!: string;
  @ApiProperty({ description: 'The runtime role, which gets its privileges from the owner' }) homeRuntimeRole!: string;
  @ApiProperty({
    type: EnrolledTenantDatabase,
    nullable: true,
    description: 'Null when the license places the deployment neither here nor here next',
  })
  tenantDatabase!: EnrolledTenantDatabase | null;
  @ApiProperty({ type: EnrolledKafka }) kafka!: EnrolledKafka;
  @ApiProperty({ type: EnrolledRedis }) redis!: EnrolledRedis;
  @ApiProperty({ description: "EC P-256 private key, PEM: signs this home's access tokens" }) tokenKey!: string;
  @ApiProperty({ type: EnrolledFieldKeys }) fieldKeys!: EnrolledFieldKeys;
  @ApiPropertyOptional({ type: EnrolledMail, nullable: true, description: 'Null where the pool sends none' })
  mail?: EnrolledMail | null;
  @ApiProperty({ type: [EnrolledClient], description: 'API clients, those of other tenants left out' })
  clients!: readonly EnrolledClient[];
}
