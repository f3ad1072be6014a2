import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  CLOCK,
  OutboundError,
  outboundFetch,
  refusalOfUrl,
  SystemClock,
  type TargetPolicy,
  type TargetRefusal,
} from '@biplane/service-kit';
import * as client from 'openid-client';
import { LRUCache } from 'lru-cache';
import type { Identity } from './identity.store.js';
import { OidcErrors } from './oidc.errors.js';

/** Injection token of where identity providers may be. */
export const PROVIDER_POLICY = Symbol('PROVIDER_POLICY');

/** What is known of a client at its provider. */
export interface ProviderClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
}

const TIMEOUT_MS = 5_000;
/** Discovery documents and key sets have some kilobytes. */
const RESPONSE_BYTES_MAX = 262_144;
const DISCOVERY_KEPT_MS = 300_000;
const DISCOVERIES_MAX = 500;
/** Signed by a key of the provider's: a secret that both have, or none at all, proves nothing. */
const ALGORITHMS: ReadonlySet<unknown> = new Set([
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
]); // prettier-ignore
const SUBJECT_LENGTH_MAX = 255;
const NETWORK_ERRORS = /^(?:E[A-Z]+$|CERT_|DEPTH_|UNABLE_|SELF_SIGNED|ERR_TLS_|OAUTH_TIMEOUT$)/;

/** Told from the text of the address alone, before anybody is asked: nothing of what a name leads to is in it. */
const WHY_REFUSED: Readonly<Record<TargetRefusal, string>> = {
  URL_UNREADABLE: 'The issuer is no URL',
  SCHEME_REFUSED: 'The issuer is not called by https',
  CREDENTIALS_REFUSED: 'The issuer has a user name, a password or a fragment in it',
  PORT_REFUSED: 'The issuer is at a port of other services: it is 443, or 1024 and above',
  ADDRESS_REFUSED: 'The issuer is not on the open internet',
};

/** OpenID Connect as a relying party: the code flow with PKCE, state and nonce; everything that is fetched goes where it may. */
@Injectable()
export class OpenId {
  private readonly logger = new Logger('OpenId');
  private readonly discovered = new LRUCache<string, client.ServerMetadata>({
    max: DISCOVERIES_MAX,
    ttl: DISCOVERY_KEPT_MS,
  });
  private readonly fetch: client.CustomFetch;

  constructor(
    @Inject(PROVIDER_POLICY) private readonly policy: TargetPolicy,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const fetch = outboundFetch({ ...policy, timeoutMs: TIMEOUT_MS, responseBytesMax: RESPONSE_BYTES_MAX });
    this.fetch = (url, init) => fetch(url, { ...init, signal: init.signal ?? null });
  }

  /** Refuses an issuer that may not be called, does not answer, or does not describe itself as needed. */
  async check(provider: ProviderClient): Promise<void> {
    this.discovered.delete(provider.issuer);
    await this.configuration(provider);
  }

  /** Where the member goes to prove who it is. */
  async authorizationUrl(
    provider: ProviderClient,
    attempt: {
      readonly redirectUri: string;
      readonly state: string;
      readonly nonce: string;
      readonly verifier: string;
    },
  ): Promise<string> {
    const configuration = await this.configuration(provider);
    const { redirectUri, state, nonce, verifier } = attempt;
    const challenge = await client.calculatePKCECodeChallenge(verifier);
    return client.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: redirectUri, scope: 'openid', state, nonce },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    }).href;
  }

  /** Who the provider says it is, for the code that came back. Signature, issuer, audience, times, nonce and algorithm are checked. */
  async identity(
    provider: ProviderClient,
    attempt: { readonly redirectUri: string; readonly nonce: string; readonly verifier: string },
    returned: { readonly state: string; readonly code: string; readonly iss: string | null },
  ): Promise<Identity> {
    const configuration = await this.configuration(provider);
    const url = new URL(attempt.redirectUri);
    for (const [name, value] of Object.entries(returned)) if (value !== null) url.searchParams.set(name, value);
    const tokens = await client
      .authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: attempt.verifier,
        expectedState: returned.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      })
      .catch((error: unknown) => this.failed(error, 'IDENTITY_REFUSED'));
    const claims = tokens.claims();
    const isGood = claims?.iss === provider.issuer && claims.sub !== '' && claims.sub.length <= SUBJECT_LENGTH_MAX;
    if (claims === undefined || !isGood || !ALGORITHMS.has(algorithmOf(tokens.id_token ?? ''))) {
      throw new RefusalError(OidcErrors.IDENTITY_REFUSED({ detail: 'The ID token is not good' }));
    }
    return { issuer: claims.iss, subject: claims.sub };
  }

  private async configuration(provider: ProviderClient): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = provider;
    const metadata = this.discovered.get(issuer) ?? (await this.discover(issuer, clientId));
    const authentication =
      clientSecret === null
        ? client.None()
        : (metadata.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true)
          ? client.ClientSecretBasic(clientSecret)
          : client.ClientSecretPost(clientSecret);
    // The library has the machine's time: the tokens' times are compared with the Clock.
    const skew = Math.round((this.clock.now().getTime() - new SystemClock().now().getTime()) / 1000);
    const configuration = new client.Configuration(metadata, clientId, { [client.clockSkew]: skew }, authentication);
    configuration[client.customFetch] = this.fetch;
    configuration.timeout = TIMEOUT_MS / 1000;
    if (this.isTest(issuer)) client.allowInsecureRequests(configuration);
    client.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  private async discover(issuer: string, clientId: string): Promise<client.ServerMetadata> {
    const reason = refusalOfUrl(issuer, this.policy);
    if (reason !== null) {
      throw new RefusalError(OidcErrors.ISSUER_REFUSED({ detail: WHY_REFUSED[reason], members: { reason } }));
    }
    const options = {
      execute: this.isTest(issuer) ? [client.allowInsecureRequests] : [],
      [client.customFetch]: this.fetch,
      timeout: TIMEOUT_MS / 1000,
    };
    const configuration = await client
      .discovery(new URL(issuer), clientId, undefined, client.None(), options)
      .catch((error: unknown) => this.failed(error, 'PROVIDER_REFUSED'));
    const metadata = { ...configuration.serverMetadata() } as client.ServerMetadata;
    if (!this.isUsable(metadata, issuer)) {
      throw new RefusalError(OidcErrors.PROVIDER_REFUSED({ detail: 'The discovery document is not as needed' }));
    }
    this.discovered.set(issuer, metadata);
    return metadata;
  }

  /** The browser is sent to one of the endpoints, the others are called: all of them are where they may be. */
  private isUsable(metadata: client.ServerMetadata, issuer: string): boolean {
    const { authorization_endpoint, token_endpoint, jwks_uri } = metadata;
    const endpoints = [authorization_endpoint, token_endpoint, jwks_uri];
    return (
      metadata.issuer === issuer &&
      endpoints.every((url) => url !== undefined && refusalOfUrl(url, this.policy) === null) &&
      (metadata.code_challenge_methods_supported?.includes('S256') ?? true)
    );
  }

  private isTest(issuer: string): boolean {
    return this.policy.testHosts.length > 0 && issuer.startsWith('http:');
  }

  /** Tells apart what the network did from what the provider said; neither tells a caller what lies behind an address. */
  private failed(error: unknown, otherwise: 'IDENTITY_REFUSED' | 'PROVIDER_REFUSED'): never {
    this.logger.debug({ err: error }, 'an identity provider');
    if (chainOf(error).some(isOfNetwork)) {
      const detail = 'The identity provider does not answer';
      throw new RefusalError(OidcErrors.PROVIDER_UNREACHABLE({ detail, retryAfterSeconds: 5 }));
    }
    throw new RefusalError(OidcErrors[otherwise]({ detail: 'What the provider answered is not good' }));
  }
}

function* causesOf(error: unknown): Generator<object> {
  let next = error;
  for (let depth = 0; depth < 5 && typeof next === 'object' && next !== null; depth += 1) {
    yield next;
    next = (next as { cause?: unknown }).cause;
  }
}
const chainOf = (error: unknown): object[] => [...causesOf(error)];

function isOfNetwork(error: object): boolean {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (error instanceof OutboundError || name === 'TimeoutError' || name === 'AbortError') return true;
  return typeof code === 'string' && NETWORK_ERRORS.test(code);
}

function algorithmOf(token: string): unknown {
  const [header = ''] = token.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg?: unknown }).alg;
}
