// Business time comes from the Clock only: a demo or a test moves every process together, and SQL cannot be moved.
import { clockPlaces, inWorkspace, isPure, specFile } from './places.mjs';

const sqlWord = /\b(select|insert|update|delete|values|where|set|default|returning|create|alter)\b/i;
const sqlClock =
  /\b(now\s*\(\s*\)|current_timestamp|current_date|current_time|localtimestamp|localtime|(clock|statement|transaction)_timestamp\s*\()/i;

export const clockOnly = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      wallClock: '{{name}} is the wall clock. Business time comes from the Clock; durations from performance.now().',
    },
  },
  create(context) {
    const path = inWorkspace(context.filename);
    if (clockPlaces.test(path) || specFile.test(path) || isPure(path)) return {};
    const report = (name) => (node) => context.report({ node, messageId: 'wallClock', data: { name } });
    return {
      "MemberExpression[object.name='Date'][property.name='now']": report('Date.now'),
      "MemberExpression[object.name='Temporal'][property.name='Now']": report('Temporal.Now'),
      "NewExpression[callee.name='Date'][arguments.length=0]": report('new Date()'),
      "CallExpression[callee.name='Date']": report('Date()'),
    };
  },
};

export const noSqlClock = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      sqlClock: 'SQL may not read the database clock ({{found}}). Pass the instant of the Clock as a parameter.',
    },
  },
  create(context) {
    const path = inWorkspace(context.filename);
    if (path.startsWith('tools/') || specFile.test(path)) return {};
    const inspect = (node, text) => {
      const found = sqlClock.exec(text)?.[0];
      if (found && sqlWord.test(text)) context.report({ node, messageId: 'sqlClock', data: { found } });
    };
    return {
      Literal: (node) => typeof node.value === 'string' && inspect(node, node.value),
      TemplateLiteral: (node) => inspect(node, node.quasis.map((quasi) => quasi.value.raw).join(' ? ')),
    };
  },
};
