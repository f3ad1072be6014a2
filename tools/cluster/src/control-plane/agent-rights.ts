import { ApiClient } from '../api/client.js';

/** All that the node agent may do: run the pods that are bound to its node, and nothing that decides which there are. */
export const agentRules = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
  { apiGroups: [''], resources: ['pods', 'services', 'namespaces'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  { apiGroups: [''], resources: ['pods/binding'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] },
  { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get'] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
];

const NAME = 'biplane:node-agent';

/** Gives the agent's user its role. Repeating is harmless. */
export async function grantAgentRights(admin: ApiClient): Promise<void> {
  const api = '/apis/rbac.authorization.k8s.io/v1';
  const apply = (resource: string, body: Record<string, unknown>) =>
    admin.text('PATCH', `${api}/${resource}/${NAME}?fieldManager=biplane-cluster&force=true`, {
      patch: 'apply',
      body: { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: NAME }, ...body },
    });
  await apply('clusterroles', { kind: 'ClusterRole', rules: agentRules });
  await apply('clusterrolebindings', {
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: NAME }],
  });
}
