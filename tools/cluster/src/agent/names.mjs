// Loaded before a pod's program: answers the names of services as the cluster's DNS would. The agent keeps the file;
// it holds "<service>.<namespace>" → addresses. Every other name goes its usual way.
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env.BIPLANE_NAMES_FILE;
const namespace = process.env.BIPLANE_NAMESPACE;

function addressesOf(host) {
  const short = host.replace(/\.$/, '').replace(/\.svc(\.cluster\.local)?$/, '');
  const labels = short.split('.');
  if (labels.length > 2) return null;
  try {
    const names = JSON.parse(readFileSync(file, 'utf8'));
    return names[labels.length === 2 ? short : `${short}.${namespace}`] ?? null;
  } catch {
    return null;
  }
}

const systemLookup = dns.lookup;
dns.lookup = function lookup(host, options, callback) {
  const answer = typeof options === 'function' ? options : callback;
  const found = typeof host === 'string' ? addressesOf(host) : null;
  if (found === null || found.length === 0) return systemLookup.apply(this, arguments);
  const all = typeof options === 'object' && options?.all;
  process.nextTick(() =>
    all
      ? answer(
          null,
          found.map((address) => ({ address, family: 4 })),
        )
      : answer(null, found[Math.floor(Math.random() * found.length)], 4),
  );
  return {};
};
const systemPromise = dns.promises.lookup;
dns.promises.lookup = async function lookup(host, options) {
  const found = typeof host === 'string' ? addressesOf(host) : null;
  if (found === null || found.length === 0) return systemPromise.apply(this, arguments);
  const answers = found.map((address) => ({ address, family: 4 }));
  return options?.all ? answers : answers[Math.floor(Math.random() * answers.length)];
};
syncBuiltinESMExports();
