{{- define "suuupra-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "suuupra-gateway.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "suuupra-gateway.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "suuupra-gateway.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- /* Of objects without a namespace: two releases of one name in two namespaces must not meet. */}}
{{- define "suuupra-gateway.clusterName" -}}
{{- printf "%s.%s" (include "suuupra-gateway.namespace" .) (include "suuupra-gateway.fullname" .) }}
{{- end }}

{{- define "suuupra-gateway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "suuupra-gateway.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "suuupra-gateway.classConfigName" -}}
{{- default (include "suuupra-gateway.fullname" .) .Values.classConfig.name }}
{{- end }}

{{- /* namespace/name, or nothing. */}}
{{- define "suuupra-gateway.defaultCertificate" -}}
{{- with .Values.defaultCertificate }}
{{- if contains "/" . }}{{ . }}{{ else }}{{ include "suuupra-gateway.namespace" $ }}/{{ . }}{{ end }}
{{- end }}
{{- end }}

{{- /* Whether there is a GatewayClassConfig; the text true or nothing. */}}
{{- define "suuupra-gateway.hasClassConfig" -}}
{{- if or .Values.classConfig.spec .Values.classConfig.name .Values.hostNetwork.enabled }}true{{ end }}
{{- end }}

{{- /* What the chart writes into it; empty if the object is somebody else's. */}}
{{- define "suuupra-gateway.classConfigSpec" -}}
{{- $spec := deepCopy .Values.classConfig.spec }}
{{- if and .Values.hostNetwork.enabled (or $spec (not .Values.classConfig.name)) }}
{{- $spec = merge (dict "dataPlane" (dict "exposure" "HostNetwork")) $spec }}
{{- end }}
{{- if $spec }}
{{- toYaml $spec }}
{{- end }}
{{- end }}

{{- define "suuupra-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "suuupra-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "suuupra-gateway.labels" -}}
{{ include "suuupra-gateway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels and annotations of an object: dict "root" $ with optional "labels" and "annotations". */}}
{{- define "suuupra-gateway.metadata" -}}
labels:
  {{- include "suuupra-gateway.labels" .root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "suuupra-gateway.image" -}}
{{- with .Values.image }}
{{- $repository := ternary .repository (printf "%s/%s" .registry .repository) (empty .registry) }}
{{- if .digest }}
{{- printf "%s@%s" $repository .digest }}
{{- else }}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Combinations of values that cannot work, said before anything is installed. */}}
{{- define "suuupra-gateway.check" -}}
{{- if and .Values.autoscaling.enabled (eq .Values.kind "DaemonSet") }}
{{- fail "autoscaling.enabled: a DaemonSet has one pod on each node and is not scaled; set kind: Deployment" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is larger than autoscaling.maxReplicas" }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
{{- fail "metrics: podMonitor and serviceMonitor are both enabled, so every pod would be scraped twice; enable one" }}
{{- end }}
{{- with .Values.terminationGracePeriodSeconds }}
{{- if lt (int .) (int (add $.Values.drain.delaySeconds $.Values.drain.timeoutSeconds)) }}
{{- fail "terminationGracePeriodSeconds is shorter than drain.delaySeconds + drain.timeoutSeconds: pods would be killed while they drain" }}
{{- end }}
{{- end }}
{{- if and .Values.watchNamespaces (include "suuupra-gateway.hasClassConfig" .) (not (has (include "suuupra-gateway.namespace" .) .Values.watchNamespaces)) }}
{{- fail (printf "classConfig: its GatewayClassConfig is in namespace %s, which is not watched; add it to watchNamespaces" (include "suuupra-gateway.namespace" .)) }}
{{- end }}
{{- with include "suuupra-gateway.defaultCertificate" . }}
{{- $place := first (splitList "/" .) }}
{{- if and $.Values.watchNamespaces (not (has $place $.Values.watchNamespaces)) }}
{{- fail (printf "defaultCertificate: its Secret is in namespace %s, which is not watched; add it to watchNamespaces" $place) }}
{{- end }}
{{- end }}
{{- /* Only where a cluster answers: helm template and helm lint know none. */}}
{{- if and .Values.gatewayClass.enabled (lookup "v1" "Namespace" "" "kube-system") }}
{{- if not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1/GatewayClass") }}
{{- fail "the cluster has no Gateway API: install its CRDs first (gateway-api.sigs.k8s.io/guides), or set gatewayClass.enabled=false to serve Ingresses alone" }}
{{- end }}
{{- end }}
{{- /* Two gateways that serve one class would take each other's Services away. One that only observes takes nothing. */}}
{{- if not .Values.observe }}
{{- range (lookup "gateway.networking.k8s.io/v1" "GatewayClass" "" "").items }}
{{- $name := dig "annotations" "meta.helm.sh/release-name" "" .metadata }}
{{- $namespace := dig "annotations" "meta.helm.sh/release-namespace" "" .metadata }}
{{- $own := and (eq $name $.Release.Name) (eq $namespace $.Release.Namespace) }}
{{- if and $name (not $own) (eq .spec.controllerName "gateway.suuupra.io/controller") }}
{{- if or (not $.Values.watchNamespaces) (eq .metadata.name $.Values.gatewayClass.name) }}
{{- fail (printf "release %s in namespace %s serves GatewayClass %s; a second gateway needs watchNamespaces and another gatewayClass.name and ingressClass.name, with gatewayClass.enabled=false" $name $namespace .metadata.name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (include "suuupra-gateway.hasClassConfig" .) (lookup "v1" "Namespace" "" "kube-system") }}
{{- if not (.Capabilities.APIVersions.Has "gateway.suuupra.io/v1alpha1/GatewayClassConfig") }}
{{- fail "the cluster has no GatewayClassConfig: install the chart suuupra-gateway-crds first" }}
{{- end }}
{{- end }}
{{- end }}
