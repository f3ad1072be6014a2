// One visitor for every way to name a module: static, type-only, re-exported, dynamic, `import()` types, `require`.
import { inWorkspace } from './places.mjs';

/** Calls `check(specifier | undefined, node)` for each; undefined is a computed specifier. */
export function visitImports(check) {
  const of = (node) => (node?.type === 'Literal' && typeof node.value === 'string' ? node.value : plainTemplate(node));
  return {
    ImportDeclaration: (node) => check(of(node.source), node),
    ExportNamedDeclaration: (node) => node.source && check(of(node.source), node),
    ExportAllDeclaration: (node) => check(of(node.source), node),
    ImportExpression: (node) => check(of(node.source), node),
    TSImportType: (node) => check(of(node.source ?? node.argument?.literal), node),
    TSExternalModuleReference: (node) => check(of(node.expression), node),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') check(of(node.arguments[0]), node);
    },
  };
}

const plainTemplate = (node) =>
  node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? node.quasis[0].value.cooked : undefined;

/** A rule that allows the modules of `forbidden` only in the files of `places`. */
export const placedImportRule = ({ forbidden, places, message }) => ({
  meta: { type: 'problem', schema: [], messages: { misplaced: message } },
  create(context) {
    if (places.test(inWorkspace(context.filename))) return {};
    return visitImports((specifier, node) => {
      if (specifier !== undefined && forbidden.test(specifier)) {
        context.report({ node, messageId: 'misplaced', data: { specifier } });
      }
    });
  },
});
