import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { err, ok, type Clock, type Failure, type Result } from '@biplane/kernel';
import type { Ids } from '../clock/ids.js';
import { AuthErrors } from './auth.errors.js';
import { tenantOfScopes, type Principal } from './principal.js';

export const TOKEN_LIFETIME_SECONDS = 900;
const TOKEN_TYPE = 'at+jwt';
const TOKEN_LENGTH_MAX = 8_192;
/** Between the clocks of replicas. */
const SKEW_SECONDS = 5;

interface TokenClaims {
  readonly client_id: string;
  readonly scope: string;
  readonly regions?: readonly string[];
}

/**
 * Access tokens of one plane: ES256, RFC 9068. `issuer` names the plane (`biplane-control`, `biplane-data:<homeId>`)
 * and is the audience too, so a token of the other plane or of another home fails whatever key signed it.
 */
export class AccessTokens {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly kid: string;

  constructor(
    private readonly issuer: string,
    privateKeyPem: string,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {
    this.privateKey = createPrivateKey(privateKeyPem);
    if (this.privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error('TOKEN_KEY_FILE must hold an EC P-256 private key in PEM');
    }
    this.publicKey = createPublicKey(this.privateKey);
    const der = this.publicKey.export({ type: 'spki', format: 'der' });
    this.kid = createHash('sha256').update(der).digest('base64url').slice(0, 16);
  }

  sign(principal: Pick<Principal, 'clientId' | 'scopes' | 'regions'>): string {
    const iat = this.nowSeconds();
    const claims = {
      iss: this.issuer,
      aud: this.issuer,
      sub: principal.clientId,
      client_id: principal.clientId,
      scope: principal.scopes.join(' '),
      ...(principal.regions === null ? {} : { regions: principal.regions }),
      jti: this.ids.uuid(),
      iat,
      exp: iat + TOKEN_LIFETIME_SECONDS,
    };
    return jwt.sign(claims, this.privateKey, {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: TOKEN_TYPE, kid: this.kid },
    });
  }

  verify(token: string): Result<Principal, Failure> {
    if (token.length > TOKEN_LENGTH_MAX) return refused();
    try {
      const { header, payload } = jwt.verify(token, this.publicKey, {
        algorithms: ['ES256'],
        issuer: this.issuer,
        audience: this.issuer,
        clockTimestamp: this.nowSeconds(),
        clockTolerance: SKEW_SECONDS,
        complete: true,
      });
      if (header.typ !== TOKEN_TYPE || header.kid !== this.kid || typeof payload === 'string') return refused();
      return principalOf(payload as unknown as Partial<TokenClaims>);
    } catch {
      return refused();
    }
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}

function principalOf(claims: Partial<TokenClaims>): Result<Principal, Failure> {
  if (typeof claims.client_id !== 'string' || typeof claims.scope !== 'string') return refused();
  const scopes = claims.scope.split(' ').filter(Boolean);
  const tenantId = tenantOfScopes(scopes);
  const regions = claims.regions ?? null;
  return ok({ clientId: claims.client_id, scopes, regions, ...(tenantId === undefined ? {} : { tenantId }) });
}

// One answer for every reason: which check failed helps only an attacker.
function refused(): Result<never, Failure> {
  return err(
    AuthErrors.TOKEN_INVALID({ detail: 'The token is expired, malformed, or was not issued by this service' }),
  );
}
