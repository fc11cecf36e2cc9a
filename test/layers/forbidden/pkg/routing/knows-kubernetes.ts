/** Forbidden: the Kubernetes client outside pkg/kube. */
export { KubeConfig } from '@kubernetes/client-node';
