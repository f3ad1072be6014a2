export const KUBERNETES_VERSION = 'v1.34.4';
export const HELM_VERSION = 'v3.19.2';

export type Binary = 'kube-apiserver' | 'kube-controller-manager' | 'helm' | 'etcd';
