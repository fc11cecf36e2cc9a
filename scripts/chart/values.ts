/** All values of the chart suuupra-gateway, in the order of values.yaml. */
import { piece, pieces, text, texts, type Values } from './value.ts';
import { clusterValues } from './values-cluster.ts';
import { gatewayValues } from './values-gateway.ts';
import { metricsValues } from './values-metrics.ts';
import { podValues } from './values-pod.ts';

const naming: Values = {
  nameOverride: text('', 'Instead of the chart’s name in names and labels.'),
  fullnameOverride: text('', 'Instead of the whole name of the objects.'),
  namespaceOverride: text('', 'Instead of the namespace of the release.'),
  commonLabels: texts('Labels of every object.'),
  commonAnnotations: texts('Annotations of every object.'),
  global: piece('Values of a parent chart; not read.'),
};

export const chartValues: Values = {
  ...gatewayValues,
  ...podValues,
  ...clusterValues,
  ...metricsValues,
  extraObjects: pieces('More objects to install, as they are; strings in them are templates.'),
  ...naming,
};
