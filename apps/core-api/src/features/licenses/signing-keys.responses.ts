import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { KEY_ALARMS, type KeyAlarm } from './domain/key-fitness.js';
import { ROTATION_STATES, type RotationState } from './key-rotations.store.js';
import { SigningKeyDto } from './licenses.responses.js';
import { SIGNER_KINDS, type SignerKind } from './signers/license-signer.js';

export class WaitingHomeDto {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ example: 'eu-1' }) readonly region!: string;
}

const KEY_STATES = ['imported', 'signing', 'retiring', 'retired', 'revoked'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** A key, who holds it, and what it has signed. */
export class SigningKeyStatusDto extends SigningKeyDto {
  @ApiProperty({ enum: KEY_STATES, description: 'retiring: present licenses are still signed by it' })
  readonly state!: KeyState;
  @ApiProperty({ enum: SIGNER_KINDS }) readonly signer!: SignerKind;
  @ApiInstant({ nullable: true }) readonly signingFrom!: Date | null;
  @ApiInstant({ nullable: true }) readonly signingTo!: Date | null;
  @ApiInstant({ nullable: true }) readonly revokedAt!: Date | null;
  @ApiProperty({ description: 'Whether its revoked statement is at hand' }) readonly revocable!: boolean;
  @ApiProperty({ type: 'integer', description: 'Present licenses that it has signed' }) readonly licenses!: number;
  @ApiProperty({ type: 'integer', description: 'Live homes that hold it' }) readonly homes!: number;
  @ApiProperty({ type: [WaitingHomeDto], description: 'Live homes that do not' })
  readonly homesMissing!: readonly WaitingHomeDto[];
  @ApiProperty({ enum: KEY_ALARMS, isArray: true, description: 'Of the signing key: someone has to act' })
  readonly alarms!: readonly KeyAlarm[];
}

/** A change of the signing key and how far it is. */
export class KeyRotationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: ['rotate', 'revoke'] }) readonly kind!: 'rotate' | 'revoke';
  @ApiProperty({ example: '2026-03-a' }) readonly fromKid!: string;
  @ApiProperty({ type: String, nullable: true, example: '2026-09-a' }) readonly toKid!: string | null;
  @ApiProperty({ enum: ROTATION_STATES }) readonly state!: RotationState;
  @ApiProperty() readonly reason!: string;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiInstant() readonly requestedAt!: Date;
  @ApiInstant({ description: 'Refused when homes have not confirmed the key by then' }) readonly deadlineAt!: Date;
  @ApiInstant({ nullable: true, description: 'When the key began to sign' }) readonly switchedAt!: Date | null;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiProperty({ type: 'integer' }) readonly reissued!: number;
  @ApiProperty({ type: 'integer', description: 'Licenses that are still to be signed anew' })
  readonly remaining!: number;
  @ApiProperty({ type: [WaitingHomeDto] }) readonly waitingFor!: readonly WaitingHomeDto[];
}
