// Biplane's own ESLint rules: each holds one sentence of ARCHITECTURE.md, "Boundaries", and is named in its canary.
import { clockOnly, noSqlClock } from './business-time.mjs';
import { featureFrontDoor } from './front-door.mjs';
import { placedImportRule } from './import-rule.mjs';
import { pureDomain } from './pure-domain.mjs';
import {
  environmentPlaces,
  inWorkspace,
  kafkaPlaces,
  kubernetesPlaces,
  moneyPlaces,
  prismaPlaces,
  specFile,
  strictMoneyPlaces,
} from './places.mjs';

const environmentInServiceKit = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      misplaced: 'process.env is read only by libs/service-kit/src/environment: declare the variable and inject it.',
    },
  },
  create(context) {
    if (environmentPlaces.test(inWorkspace(context.filename))) return {};
    const report = (node) => context.report({ node, messageId: 'misplaced' });
    return {
      "MemberExpression[object.name='process'][property.name='env']": report,
      "VariableDeclarator[init.name='process'] > ObjectPattern > Property[key.name='env']": report,
      "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']": report,
    };
  },
};

const subscriptionControllerInTenantApi = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { misplaced: 'Only tenant-api has a class named SubscriptionController.' },
  },
  create(context) {
    if (inWorkspace(context.filename).startsWith('apps/tenant-api/')) return {};
    const report = (node) => context.report({ node, messageId: 'misplaced' });
    return {
      "ClassDeclaration[id.name='SubscriptionController']": report,
      "ClassExpression[id.name='SubscriptionController']": report,
    };
  },
};

const noFloatMoney = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      float: '{{name}} makes or formats a float. Near money use Decimal, Rational or Money of @biplane/kernel.',
    },
  },
  create(context) {
    const path = inWorkspace(context.filename);
    if (!moneyPlaces.test(path) || specFile.test(path)) return {};
    const report = (name) => (node) => context.report({ node, messageId: 'float', data: { name } });
    return {
      "CallExpression[callee.name='parseFloat']": report('parseFloat'),
      "MemberExpression[property.name='parseFloat']": report('parseFloat'),
      "MemberExpression[property.name='toFixed']": report('toFixed'),
      Literal: (node) =>
        typeof node.value === 'number' && !Number.isInteger(node.value) && report(`The literal ${node.raw}`)(node),
      ...(strictMoneyPlaces.test(path) && { "CallExpression[callee.name='Number']": report('Number()') }),
    };
  },
};

export default {
  meta: { name: 'biplane', version: '1.0.0' },
  rules: {
    'pure-domain': pureDomain,
    'feature-front-door': featureFrontDoor,
    'clock-only': clockOnly,
    'no-sql-clock': noSqlClock,
    'no-float-money': noFloatMoney,
    'environment-in-service-kit': environmentInServiceKit,
    'subscription-controller-in-tenant-api': subscriptionControllerInTenantApi,
    'kafkajs-in-messaging': placedImportRule({
      forbidden: /^kafkajs($|\/)/,
      places: kafkaPlaces,
      message: '{{specifier}} is imported only by libs/messaging; use its port.',
    }),
    'prisma-in-stores': placedImportRule({
      forbidden: /^@prisma\/|^@biplane\/prisma-|(^|\/)generated\/(client|models|enums|browser)/,
      places: prismaPlaces,
      message:
        '{{specifier}} is imported only by *.store.ts, libs/service-kit/src/database, prisma/* and src/database.ts of an app.',
    }),
    'kubernetes-in-cluster-gateway': placedImportRule({
      forbidden: /^@kubernetes\//,
      places: kubernetesPlaces,
      message: '{{specifier}} is imported only by cluster.gateway.ts.',
    }),
  },
};
