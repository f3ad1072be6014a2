import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  ApiList, ApiPage, CLOCK, KEY, LocatedAt, page, PageQuery, Scopes, UnitOfWork, UuidParam, type Page,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { keyAlarms } from './domain/key-fitness.js';
import { KeyRotations } from './key-rotation.service.js';
import { KeyRotationsStore, type KeyRotation } from './key-rotations.store.js';
import { KeyBody, RevokeKeyBody, RotateKeyBody } from './licenses.dto.js';
import { LicenseIssueErrors } from './licenses.errors.js';
import { SigningKeyDto } from './licenses.responses.js';
import { KeyRotationDto, SigningKeyStatusDto, type KeyState } from './signing-keys.responses.js';
import { SigningKeys } from './signing-keys.service.js';
import { SigningKeysStore, type SigningKeyRow } from './signing-keys.store.js';
import { LIVE_MS } from './applied.service.js';

@ApiTags('licenses')
@Controller('licenses/keys')
@Scopes('platform:admin')
export class SigningKeysController {
  constructor(
    private readonly keys: SigningKeys,
    private readonly store: SigningKeysStore,
    private readonly rotations: KeyRotations,
    private readonly rotationsStore: KeyRotationsStore,
    private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Imports a pair of the ceremony. The first one becomes the signing key at once. */
  @Post()
  @ApiCreatedResponse({ type: SigningKeyDto })
  async importKey(@Body() body: KeyBody, @CurrentActor() actor: Actor): Promise<SigningKeyDto> {
    return keyJson(await this.keys.import(body, actor));
  }

  /** Every key, who holds it, and whether a home is about to be stranded. */
  @Get()
  @Scopes('platform:admin', 'platform:read')
  @ApiList(SigningKeyStatusDto)
  async list(): Promise<{ data: SigningKeyStatusDto[] }> {
    const tx = this.unitOfWork.reader;
    const now = this.clock.now();
    const licenses = await this.store.licensesByKid(tx);
    const data: SigningKeyStatusDto[] = [];
    for (const key of await this.store.all(tx)) {
      const holders = await this.store.holders(tx, key.kid, new Date(now.getTime() - LIVE_MS));
      const missing = holders.filter(({ holds }) => !holds).map(({ homeId, region }) => ({ homeId, region }));
      const signed = licenses.get(key.kid) ?? 0;
      data.push({
        ...keyJson(key),
        state: stateOf(key, signed),
        signer: key.signer,
        signingFrom: key.signingFrom,
        signingTo: key.signingTo,
        revokedAt: key.revokedAt,
        revocable: key.revokedStatement !== null,
        licenses: signed,
        homes: holders.length - missing.length,
        homesMissing: missing,
        alarms: isSigning(key) ? keyAlarms(key, missing.length, now) : [],
      });
    }
    return { data };
  }

  /** Waits until every live home has confirmed the key, then signs with it, and all present licenses anew. */
  @Post('rotate')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: KeyRotationDto })
  @LocatedAt({ 202: 'licenses/keys/rotations/{id}' })
  async rotate(@Body() body: RotateKeyBody, @CurrentActor() actor: Actor): Promise<KeyRotationDto> {
    return this.json(await this.rotations.rotate(body, actor));
  }

  /** For a stolen key: homes drop it and all that they learnt by it, and everything is signed by another at once. */
  @Post(':kid/revoke')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: KeyRotationDto })
  @LocatedAt({ 202: 'licenses/keys/rotations/{id}' })
  async revoke(
    @Param('kid') kid: string,
    @Body() body: RevokeKeyBody,
    @CurrentActor() actor: Actor,
  ): Promise<KeyRotationDto> {
    return this.json(await this.rotations.revoke(kid, body, actor));
  }

  /** Newest first. */
  @Get('rotations')
  @Scopes('platform:admin', 'platform:read')
  @ApiPage(KeyRotationDto)
  async listRotations(@Query() query: PageQuery): Promise<Page<KeyRotationDto>> {
    const tx = this.unitOfWork.reader;
    const rows = await page(query, {
      fetch: ({ after, take }) => this.rotationsStore.list(tx, after?.[0] ?? null, take),
      keyOf: (rotation) => [rotation.id],
      shape: [KEY.uuid],
    });
    const data = await Promise.all(rows.data.map((rotation) => this.json(rotation)));
    return { ...rows, data };
  }

  @Get('rotations/:id')
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: KeyRotationDto })
  async getRotation(@UuidParam('id') id: string): Promise<KeyRotationDto> {
    const rotation = await this.rotationsStore.find(this.unitOfWork.reader, id);
    if (rotation) return this.json(rotation);
    throw new RefusalError(LicenseIssueErrors.ROTATION_NOT_FOUND({ detail: `There is no rotation ${id}` }));
  }

  private async json(rotation: KeyRotation): Promise<KeyRotationDto> {
    const { toKid, endedAt } = rotation;
    const now = this.clock.now();
    const isOpen = endedAt === null && toKid !== null;
    const remaining = isOpen ? await this.rotationsStore.remaining(this.unitOfWork.reader, toKid, now) : 0;
    return { ...rotation, remaining };
  }
}

function isSigning({ signingFrom, signingTo }: SigningKeyRow): boolean {
  return signingFrom !== null && signingTo === null;
}

function stateOf(key: SigningKeyRow, licenses: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  if (isSigning(key)) return 'signing';
  if (key.signingFrom === null) return 'imported';
  return key.retiredAt === null && licenses > 0 ? 'retiring' : 'retired';
}

function keyJson(key: SigningKeyRow): SigningKeyDto {
  const { kid, publicJwk, notBefore, notAfter, importedAt } = key;
  return { kid, publicJwk, notBefore, notAfter, importedAt, signing: isSigning(key) };
}
