import { Body, Controller, Get, Inject, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { parseTimeZone } from '@biplane/billing-calendar';
import { isSpoken } from '@biplane/invoice-pdf';
import { orThrow, RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  EntityTagged,
  IfMatch,
  invalid,
  KEY,
  mapPage,
  page,
  PageQuery,
  type Page,
  type Precondition,
} from '@biplane/service-kit';
import { actorOf, CurrentMember, CurrentTenant, Members, type MemberPrincipal } from '../access/index.js';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { LetterheadBody, LetterheadDto } from './letterhead.dto.js';
import { listLetterheads, type Letterhead, type LetterheadText } from './letterhead.store.js';
import { Letterheads } from './letterheads.service.js';

@ApiTags('letterhead')
@Controller('letterhead')
@Members('financials:read')
@Ungated('a tenant may read its own data whatever the license says')
export class LetterheadController {
  constructor(@Inject(Letterheads) private readonly letterheads: Letterheads) {}

  /** What the next statements are drawn under. */
  @Get()
  @EntityTagged()
  @ApiOkResponse({ type: LetterheadDto })
  async show(@CurrentTenant() tenant: TenantHandle): Promise<LetterheadDto> {
    return letterheadJson(await tenant.read((reader) => this.letterheads.present(reader)));
  }

  /** All there were, the newest first: a statement stays under that of its time. */
  @Get('versions')
  @ApiPage(LetterheadDto)
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: PageQuery): Promise<Page<LetterheadDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => listLetterheads(reader, after && Number.parseInt(after[0]!, 10), take)),
      keyOf: ({ version }) => [String(version)],
      shape: [KEY.number],
    });
    return mapPage(found, letterheadJson);
  }
}

@ApiTags('letterhead')
@Controller('letterhead')
@Members('letterhead:write')
@Ungated('what a tenant is called is no matter of its license')
export class LetterheadAdministrationController {
  constructor(@Inject(Letterheads) private readonly letterheads: Letterheads) {}

  /** Replaces it whole; the same again makes no version. */
  @Put()
  @EntityTagged()
  @ApiOkResponse({ type: LetterheadDto })
  async replace(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() body: LetterheadBody,
    @IfMatch() expected: Precondition,
  ): Promise<LetterheadDto> {
    const text = textOf(body);
    const logo = body.logo == null ? body.logo : Buffer.from(body.logo, 'base64');
    const accept = (present: Letterhead | null): void => expected.holds(present && letterheadJson(present));
    return letterheadJson(await tenant.run((tx) => this.letterheads.replace(tx, text, logo, actorOf(by), accept)));
  }
}

function textOf(body: LetterheadBody): LetterheadText {
  const { legalName, address, taxId, registration, contact, footer, locale, timeZone } = body;
  if (!isSpoken(locale)) {
    const detail = 'locale must be of a language that papers speak: ar, de, el, en, es, fr, ja or zh';
    throw new RefusalError(invalid([{ pointer: '/locale', code: 'ENUM', detail }]));
  }
  return {
    ...{ legalName, address, locale },
    taxId: taxId ?? null,
    registration: registration ?? null,
    contact: contact ?? [],
    footer: footer ?? null,
    timeZone: orThrow(parseTimeZone(timeZone)),
  };
}

function letterheadJson(letterhead: Letterhead): LetterheadDto {
  const { version, legalName, address, taxId, registration, contact, footer, locale, timeZone } = letterhead;
  const { logoHash, recordedBy, recordedAt } = letterhead;
  return {
    ...{ version, legalName, address, taxId, registration, contact, footer, locale, timeZone },
    logo: logoHash === null ? null : { sha256: logoHash },
    recordedBy,
    recordedAt: recordedAt.toISOString(),
  };
}
