import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import type Provider from 'oidc-provider';
import { freePort } from './free-port.js';

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** Changes what an ID token says before it is signed, or how. */
export interface Forgery {
  readonly claims?: Partial<JWTPayload> & { readonly nonce?: string | undefined };
  readonly alg?: 'none' | 'HS256' | 'foreign key';
}

/** A real OpenID provider on the loopback, whose user signs in without being asked, and whose ID tokens a spec may forge. */
export class OpenIdRig {
  /** Who is signed in at the provider. */
  account = 'kim';
  forgery: Forgery | null = null;
  /** When set, it is answered to every request instead. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  readonly requests: string[] = [];

  private constructor(
    readonly issuer: string,
    private readonly server: Server,
  ) {}

  static readonly client = { clientId: 'biplane', clientSecret: `s-${randomUUID()}` } as const;

  static async start(redirectUris: readonly string[]): Promise<OpenIdRig> {
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    const keys = await generateKeyPair('RS256', { extractable: true });
    const { clientId, clientSecret } = OpenIdRig.client;
    const provider = await quietly(async () => {
      const { default: OpenIdProvider } = await import('oidc-provider');
      return new OpenIdProvider(issuer, {
        clients: [
          { client_id: clientId, client_secret: clientSecret, redirect_uris: redirectUris, application_type: 'native' },
        ],
        jwks: { keys: [{ ...(await exportJWK(keys.privateKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] },
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
        interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
        features: { devInteractions: { enabled: false } },
        cookies: { keys: [randomUUID()] },
        ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
      });
    });
    const serve = provider.callback();
    const server = createServer(
      (request, response) => void rig.serve(provider, serve, keys.privateKey, request, response),
    );
    const rig = new OpenIdRig(issuer, server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return rig;
  }

  /** What a browser does with the address: signs in, and comes back with what the provider sends. */
  async visit(
    authorizationUrl: string,
  ): Promise<{ readonly state: string; readonly code: string; readonly iss: string }> {
    const cookies = new Map<string, string>();
    for (let url = authorizationUrl, hops = 0; hops < 10; hops += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
      for (const set of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`The provider answered ${answer.status}: ${await answer.text()}`);
      url = new URL(location, url).href;
      if (url.startsWith(this.issuer)) continue;
      const { state, code, iss } = Object.fromEntries(new URL(url).searchParams);
      if (!state || !code || !iss) throw new Error(`The provider sent back ${url}`);
      return { state, code, iss };
    }
    throw new Error('The provider sends round in circles');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(
    provider: Provider,
    serve: RequestListener,
    key: SigningKey,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.answer?.(request, response)) return;
    if (request.url?.startsWith('/interaction/')) return this.interact(provider, request, response);
    if (request.url === '/token' && this.forgery !== null) this.forge(response, key, this.forgery);
    void serve(request, response);
  }

  private async interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      await provider.interactionFinished(request, response, { login: { accountId: this.account } });
      return;
    }
    const grant = new provider.Grant({ accountId: this.account, clientId: params.client_id });
    grant.addOIDCScope('openid');
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  }

  /** The answer of the token endpoint with another ID token in it. */
  private forge(response: ServerResponse, key: SigningKey, forgery: Forgery): void {
    const end = response.end.bind(response) as (body: string) => ServerResponse;
    response.end = ((body: Buffer | string) => {
      const answer = JSON.parse(String(body)) as { id_token?: string };
      void forged(answer.id_token ?? '', key, forgery).then((token) => {
        const text = JSON.stringify({ ...answer, id_token: token });
        response.setHeader('content-length', Buffer.byteLength(text));
        end(text);
      });
      return response;
    }) as typeof response.end;
  }
}

async function forged(token: string, key: SigningKey, { claims = {}, alg }: Forgery): Promise<string> {
  const payload = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as JWTPayload;
  const changed = { ...payload, ...claims };
  if (alg === 'none') return new UnsecuredJWT(changed).encode();
  if (alg === 'HS256') {
    const secret = new TextEncoder().encode(OpenIdRig.client.clientSecret.padEnd(32, 'x'));
    return new SignJWT(changed).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  }
  const signer = alg === 'foreign key' ? (await generateKeyPair('RS256')).privateKey : key;
  return new SignJWT(changed).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(signer);
}

/** It warns of what a spec wants: rows in memory, and the runtime of this workspace. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
