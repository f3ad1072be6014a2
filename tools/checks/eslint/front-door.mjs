// A feature is reached only through its index.ts: what is inside may then change without asking anyone.
import { inWorkspace } from './places.mjs';
import { visitImports } from './import-rule.mjs';

const feature = /^apps\/[^/]+\/src\/features\/[^/]+\//;

export const featureFrontDoor = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { inner: '{{specifier}} is an inner file of another feature: import its index.js.' },
  },
  create(context) {
    const path = inWorkspace(context.filename);
    const own = feature.exec(path)?.[0];
    if (!own) return {};
    return visitImports((specifier, node) => {
      if (!specifier?.startsWith('.')) return;
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      const other = feature.exec(target)?.[0];
      if (other && other !== own && target !== `${other}index.js`) {
        context.report({ node, messageId: 'inner', data: { specifier } });
      }
    });
  },
};
