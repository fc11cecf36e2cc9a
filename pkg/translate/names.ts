/** Names of the API that translation compares with and writes. */

export const GatewayApiGroup = 'gateway.networking.k8s.io';
/** Group of our own kinds. */
export const OwnGroup = 'gateway.suuupra.io';
/** GatewayClass.spec.controllerName that is ours, and controllerName in every route status we write. */
export const ControllerName = 'gateway.suuupra.io/controller';
