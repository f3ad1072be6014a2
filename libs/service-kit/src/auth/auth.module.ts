import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK } from '../clock/clocks.js';
import { IDS, type Ids } from '../clock/ids.js';
import { readSource, type TextSource } from '../environment/source-text.js';
import { AccessGuard } from './access.guard.js';
import { AccessTokens } from './access-tokens.js';
import { ClientCredentials } from './client-credentials.js';
import { readClients } from './clients.js';
import { RateLimiter, type RateLimit } from './rate-limiter.js';
import { TokenController } from './token.controller.js';

export interface AuthOptions {
  /** `biplane-control`, or `biplane-data:<homeId>`: issuer and audience of the tokens. */
  readonly issuer: string;
  readonly clientsFile: TextSource;
  readonly tokenKeyFile: TextSource;
  /** Per principal and replica; 500 a second with a burst of 1,000 by default. */
  readonly rateLimit?: RateLimit;
}

const RATE_LIMIT: RateLimit = { perSecond: 500, burst: 1_000 };

@Module({})
export class AuthModule {
  static forRoot(options: AuthOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      controllers: [TokenController],
      providers: [
        {
          provide: AccessTokens,
          inject: [CLOCK, IDS],
          useFactory: (clock: Clock, ids: Ids) =>
            new AccessTokens(options.issuer, readSource(options.tokenKeyFile), clock, ids),
        },
        {
          provide: ClientCredentials,
          inject: [AccessTokens],
          useFactory: (tokens: AccessTokens) => new ClientCredentials(readClients(options.clientsFile), tokens),
        },
        { provide: RateLimiter, useFactory: () => new RateLimiter(options.rateLimit ?? RATE_LIMIT) },
        AccessGuard,
      ],
      exports: [AccessTokens, RateLimiter, AccessGuard],
    };
  }
}
