import { Body, Controller, Header, Headers, HttpCode, Inject, Ip, Post } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { RequestErrors } from '../problems/request.errors.js';
import { Public } from './access.decorators.js';
import { TOKEN_LIFETIME_SECONDS } from './access-tokens.js';
import { AuthErrors } from './auth.errors.js';
import { ClientCredentials, type TokenAnswer } from './client-credentials.js';
import { addressOf } from './network-of.js';
import { RateLimiter } from './rate-limiter.js';

export class TokenRequest {
  @ApiProperty({ enum: ['client_credentials'] })
  @IsString()
  @MaxLength(64)
  grant_type!: string;

  @ApiProperty({ required: false, description: 'Space-separated; all scopes of the client when absent' })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  scope?: string;
}

export class TokenResponse implements TokenAnswer {
  @ApiProperty() access_token!: string;
  @ApiProperty({ enum: ['Bearer'] }) token_type!: 'Bearer';
  @ApiProperty({ type: 'integer', example: TOKEN_LIFETIME_SECONDS }) expires_in!: number;
  @ApiProperty({ example: 'platform:read', description: 'Space-separated' }) scope!: string;
}

@ApiTags('access')
@Controller('oauth')
export class TokenController {
  constructor(
    @Inject(ClientCredentials) private readonly credentials: ClientCredentials,
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
  ) {}

  @Post('token')
  @Public('the client authenticates with its secret')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiBasicAuth('client')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOkResponse({ type: TokenResponse })
  async issue(
    @Body() request: TokenRequest,
    @Headers('authorization') authorization: string | undefined,
    @Ip() address: string,
  ): Promise<TokenResponse> {
    // Per address, since whoever guesses secrets has no client id of its own; scrypt is dear.
    const waitSeconds = this.limiter.take(`token:${addressOf(address)}`);
    if (waitSeconds > 0) {
      const detail = 'Too many token requests from this address';
      throw new RefusalError(RequestErrors.RATE_LIMITED({ detail, retryAfterSeconds: waitSeconds }));
    }
    if (request.grant_type !== 'client_credentials') {
      throw new RefusalError(AuthErrors.GRANT_UNSUPPORTED({ detail: 'Only client_credentials is supported' }));
    }
    const basic = parseBasic(authorization);
    if (basic === null) throw new RefusalError(AuthErrors.CLIENT_INVALID({ detail: 'HTTP Basic is missing' }));
    return this.credentials.exchange(basic.id, basic.secret, request.scope);
  }
}

/** RFC 6749 2.3.1: both parts are form-encoded before they are put together. */
export function parseBasic(authorization: string | undefined): { id: string; secret: string } | null {
  const match = /^Basic ([A-Za-z0-9+/=]{1,1024})$/i.exec(authorization ?? '');
  if (match === null) return null;
  const decoded = Buffer.from(match[1]!, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) return null;
  return { id: formDecode(decoded.slice(0, colon)), secret: formDecode(decoded.slice(colon + 1)) };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text; // sent without encoding, as many clients do
  }
}
