// Domain code takes time, ids and randomness as arguments and imports nothing but domain code.
import { domainExceptions, inWorkspace, isPure, rootsWith } from './places.mjs';
import { visitImports } from './import-rule.mjs';

const domainPackages = rootsWith('type:domain').map((root) => root.replace(/^libs\//, '@biplane/'));
const impureGlobals = new Set([
  ...['process', 'fetch', 'console', 'performance', 'crypto', 'globalThis', 'global', 'require', 'Buffer'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval'],
]);

function mayImport(path, specifier) {
  const library = /^libs\/[^/]+/.exec(path)?.[0];
  const exceptions = (library && domainExceptions[library]) ?? [];
  if (domainPackages.includes(specifier) || exceptions.includes(specifier)) return true;
  if (!specifier.startsWith('.')) return false;
  if (library) return true; // leaving the library by a relative path is refused by both boundary gates
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  return /^apps\/[^/]+\/src\/features\/[^/]+\/domain\//.test(target);
}

export const pureDomain = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      import: 'Domain code is pure: it may not import {{specifier}}. Take what it gives as an argument.',
      global: 'Domain code is pure: it may not use {{name}}. Take time, ids and randomness as arguments.',
    },
  },
  create(context) {
    const path = inWorkspace(context.filename);
    if (!isPure(path)) return {};
    const exempt = new Set(path.startsWith('libs/licensing/') ? ['Buffer'] : []);
    return {
      ...visitImports((specifier, node) => {
        if (specifier === undefined || !mayImport(path, specifier)) {
          context.report({ node, messageId: 'import', data: { specifier: specifier ?? 'a computed module' } });
        }
      }),
      'Program:exit'(node) {
        for (const { identifier, resolved } of context.sourceCode.getScope(node).through) {
          const isGlobal = !resolved || resolved.defs.length === 0;
          if (isGlobal && impureGlobals.has(identifier.name) && !exempt.has(identifier.name)) {
            context.report({ node: identifier, messageId: 'global', data: { name: identifier.name } });
          }
        }
      },
      "MemberExpression[object.name='Math'][property.name='random']": (node) =>
        context.report({ node, messageId: 'global', data: { name: 'Math.random' } }),
      "MemberExpression[object.name='Date'][property.name='now']": (node) =>
        context.report({ node, messageId: 'global', data: { name: 'Date.now' } }),
      "MemberExpression[object.name='Temporal'][property.name='Now']": (node) =>
        context.report({ node, messageId: 'global', data: { name: 'Temporal.Now' } }),
      "NewExpression[callee.name='Date'][arguments.length=0]": (node) =>
        context.report({ node, messageId: 'global', data: { name: 'new Date()' } }),
    };
  },
};
