/** Names of the API that translation compares with and writes. */

/** GatewayClass.spec.controllerName that is ours, and controllerName in every route status we write. */
export const ControllerName = 'gateway.suuupra.io/controller';
/** IngressClass.spec.controller that is ours. */
export const IngressControllerName = 'gateway.suuupra.io/ingress-controller';
