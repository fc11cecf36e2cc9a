/** Values for those who watch the gateway. All of it is off: it needs the CRDs of the Prometheus operator, or Grafana. */
import { flag, group, pieces, text, texts, type Values } from './value.ts';

const interval = '^([0-9]+(ms|s|m|h))*$';

export const metricsValues: Values = {
  metrics: group('Metrics are at /metrics on port 9902 in any case; this is for those who collect them.', {
    podMonitor: group('A PodMonitor of the Prometheus operator; take this one or the ServiceMonitor, not both.', {
      enabled: flag(false, 'Whether the chart creates it.'),
      interval: text('', 'How often; empty: as Prometheus is set.', interval),
      labels: texts('Labels by which Prometheus selects it.'),
      relabelings: pieces('Relabelings before the scrape.'),
      metricRelabelings: pieces('Relabelings of what was scraped.'),
    }),
    serviceMonitor: group('A ServiceMonitor, with a Service for metrics alone.', {
      enabled: flag(false, 'Whether the chart creates both.'),
      interval: text('', 'How often; empty: as Prometheus is set.', interval),
      labels: texts('Labels by which Prometheus selects it.'),
      relabelings: pieces('Relabelings before the scrape.'),
      metricRelabelings: pieces('Relabelings of what was scraped.'),
    }),
    prometheusRule: group('Alerts: pods that serve an old configuration, errors, restarts, lost log lines.', {
      enabled: flag(false, 'Whether the chart creates the PrometheusRule.'),
      labels: texts('Labels by which Prometheus selects it.'),
      errorPercent: text('5', 'Share of 5xx answers over five minutes from which it alerts.', '^[0-9]+([.][0-9]+)?$'),
      extraRules: pieces('More rules of the same group.'),
    }),
    dashboard: group('A Grafana dashboard in a ConfigMap.', {
      enabled: flag(false, 'Whether the chart creates it.'),
      namespace: text('', 'Its namespace; empty: that of the release.'),
      labels: texts('Labels by which Grafana’s sidecar finds it.', { grafana_dashboard: '1' }),
      annotations: texts('Annotations, such as the folder in Grafana.'),
    }),
  }),
};
