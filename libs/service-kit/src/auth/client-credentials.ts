import { RefusalError } from '@biplane/kernel';
import { hashSecret, verifySecret } from '../crypto/secret-hash.js';
import { AccessTokens, TOKEN_LIFETIME_SECONDS } from './access-tokens.js';
import { AuthErrors } from './auth.errors.js';
import type { Client } from './clients.js';

export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
}

/** Turns a client's id and secret into an access token. */
export class ClientCredentials {
  private decoyHash: Promise<string> | null = null;

  constructor(
    private readonly clients: ReadonlyMap<string, Client>,
    private readonly tokens: AccessTokens,
  ) {}

  async exchange(id: string, secret: string, requested: string | undefined): Promise<TokenAnswer> {
    const client = this.clients.get(id);
    // An unknown client costs as much as a known one, so that the time does not tell which ids exist.
    const stored = client?.secretHash ?? (await (this.decoyHash ??= hashSecret('')));
    const matches = await verifySecret(secret, stored);
    if (client === undefined || !matches) {
      throw new RefusalError(AuthErrors.CLIENT_INVALID({ detail: 'No client has this id and secret' }));
    }
    const scopes = requestedScopes(client, requested);
    const token = this.tokens.sign({ clientId: client.id, scopes, regions: client.regions });
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
      scope: scopes.join(' '),
    };
  }
}

function requestedScopes(client: Client, requested: string | undefined): readonly string[] {
  const wanted = [...new Set((requested ?? '').split(' ').filter(Boolean))];
  if (wanted.length === 0) return client.scopes;
  const lacking = wanted.filter((scope) => !client.scopes.includes(scope));
  if (lacking.length === 0) return wanted;
  throw new RefusalError(AuthErrors.SCOPE_INVALID({ detail: `The client does not hold ${lacking.join(', ')}` }));
}
