import type { DemoContext } from '../context.js';
import { insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { check } from './gate.js';

interface Rotation {
  readonly id: string;
  readonly state: string;
  readonly remaining: number;
}

const nextKid = 'demo-2';

/** The signing key is replaced while the gate is asked without a pause: not one request is refused. */
export async function rotateTheKey(context: DemoContext): Promise<Outcome> {
  const asking = askWithoutPause(context);
  try {
    const key = await context.client.control.newSigningKey(nextKid);
    await context.core.expect(201, 'POST', '/api/v1/licenses/keys', key);
    const body = { kid: nextKid, reason: 'the demo rotates' };
    const begun = (await context.core.expect(202, 'POST', '/api/v1/licenses/keys/rotate', body)) as Rotation;
    const path = `/api/v1/licenses/keys/rotations/${begun.id}`;
    await until(
      'every live home to confirm the key, and every license to be signed by it',
      60_000,
      async () => (await context.core.expect(200, 'GET', path)) as Rotation,
      ({ state, remaining }) => state === 'succeeded' && remaining === 0,
    );
    await until(
      'the home to enforce a license of the new key',
      60_000,
      () => presentKid(context),
      (kid) => kid === nextKid,
    );
  } finally {
    asking.stop();
  }
  const { asked, refused } = await asking.result;
  insistEqual(refused, 0, 'the requests refused during the rotation');
  return { headline: `${nextKid} signs now; ${asked} requests meanwhile, ${refused} refused` };
}

function askWithoutPause(context: DemoContext) {
  let going = true;
  const result = (async () => {
    let [asked, refused] = [0, 0];
    while (going) {
      const { isAllowed } = await check(context, 'financials:automated_billing');
      asked += 1;
      if (!isAllowed) refused += 1;
    }
    return { asked, refused };
  })();
  return { result, stop: () => void (going = false) };
}

/** Of Acme's present license, once its home enforces it. */
async function presentKid(context: DemoContext): Promise<string | undefined> {
  const { version, signed, enforcedBy } = await context.license();
  if (!enforcedBy.every((instance) => instance.version === version)) return undefined;
  const header = Buffer.from(signed.split('.')[0] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(header) as { readonly kid: string }).kid;
}
