{{- define "suuupra-gateway.args" -}}
- --instance={{ include "suuupra-gateway.fullname" . }}
- --health-address=:9902
- --drain-delay={{ .Values.drain.delaySeconds }}s
- --drain-timeout={{ .Values.drain.timeoutSeconds }}s
- --log-level={{ .Values.logLevel }}
- --log-format={{ .Values.logFormat }}
- --access-log={{ .Values.accessLog }}
{{- with .Values.workers }}
- --workers={{ . }}
{{- end }}
{{- if not .Values.hostNetwork.enabled }}
# Where Ingresses listen: a pod binds no port below 1024, the Service maps them back.
- --port-map=80:10080,443:10443
{{- end }}
{{- if .Values.lastKnownGood.enabled }}
- --last-known-good=/var/lib/suuupra/last-known-good.json
- --last-known-good-keys={{ .Values.lastKnownGood.keys }}
{{- end }}
{{- with include "suuupra-gateway.defaultCertificate" . }}
- --default-certificate={{ . }}
{{- end }}
- --mass-delete-hold={{ .Values.massDeleteHold }}
{{- with .Values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
# Roles let no object without a namespace be read: these are taken as given.
- --gateway-class={{ $.Values.gatewayClass.name }}
- --ingress-class={{ $.Values.ingressClass.name }}
{{- if include "suuupra-gateway.hasClassConfig" $ }}
- --class-config={{ include "suuupra-gateway.namespace" $ }}/{{ include "suuupra-gateway.classConfigName" $ }}
{{- end }}
{{- end }}
{{- if .Values.observe }}
- --observe
{{- with .Values.observeClasses }}
- --observe-classes={{ join "," . }}
{{- end }}
{{- end }}
{{- if and .Values.service.enabled (not .Values.hostNetwork.enabled) }}
# Its addresses become those of every Ingress.
- --ingress-service={{ include "suuupra-gateway.namespace" . }}/{{ include "suuupra-gateway.fullname" . }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- /* With low ports on the host's network: root in the container, and of all its capabilities the one that binds them. */}}
{{- define "suuupra-gateway.bindsLowPorts" -}}
{{- if and .Values.hostNetwork.enabled .Values.hostNetwork.lowPorts }}true{{ end }}
{{- end }}

{{- define "suuupra-gateway.podSecurityContext" -}}
{{- if include "suuupra-gateway.bindsLowPorts" . }}
{{- $context := deepCopy .Values.podSecurityContext }}
{{- $_ := set $context "runAsNonRoot" false }}
{{- $_ := set $context "runAsUser" 0 }}
{{- toYaml $context }}
{{- else }}
{{- toYaml .Values.podSecurityContext }}
{{- end }}
{{- end }}

{{- define "suuupra-gateway.securityContext" -}}
{{- if include "suuupra-gateway.bindsLowPorts" . }}
{{- toYaml (set (deepCopy .Values.securityContext) "capabilities" (dict "drop" (list "ALL") "add" (list "NET_BIND_SERVICE"))) }}
{{- else }}
{{- toYaml .Values.securityContext }}
{{- end }}
{{- end }}

{{- /* dict "path" and "fields" */}}
{{- define "suuupra-gateway.probe" -}}
{{- $own := dict "httpGet" (dict "path" .path "port" "health") }}
{{- toYaml (ternary .fields (merge (dict) .fields $own) (or (hasKey .fields "exec") (hasKey .fields "tcpSocket") (hasKey .fields "grpc"))) }}
{{- end }}

{{- define "suuupra-gateway.pod" -}}
metadata:
  labels:
    {{- include "suuupra-gateway.selectorLabels" . | nindent 4 }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: gateway
    {{- with merge (dict) .Values.podAnnotations .Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "suuupra-gateway.serviceAccountName" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | default (add .Values.drain.delaySeconds .Values.drain.timeoutSeconds 10) }}
  {{- if .Values.hostNetwork.enabled }}
  hostNetwork: true
  {{- end }}
  dnsPolicy: {{ .Values.dnsPolicy | default (ternary "ClusterFirstWithHostNet" "ClusterFirst" .Values.hostNetwork.enabled) }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- include "suuupra-gateway.podSecurityContext" . | nindent 4 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq .Values.kind "Deployment" }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- $selector := dict "matchLabels" (include "suuupra-gateway.selectorLabels" $ | fromYaml) }}
    {{- range . }}
    - {{- toYaml (merge (dict) . (dict "labelSelector" $selector)) | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: gateway
      image: {{ include "suuupra-gateway.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include "suuupra-gateway.args" . | nindent 8 }}
      env:
        - name: SUUUPRA_POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        - name: SUUUPRA_POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: SUUUPRA_POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIPs
        - name: SUUUPRA_NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        {{- if not .Values.hostNetwork.enabled }}
        - name: http
          containerPort: 10080
        - name: https
          containerPort: 10443
        {{- end }}
        - name: health
          containerPort: 9902
      startupProbe:
        {{- include "suuupra-gateway.probe" (dict "path" "/livez" "fields" .Values.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "suuupra-gateway.probe" (dict "path" "/livez" "fields" .Values.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "suuupra-gateway.probe" (dict "path" "/readyz" "fields" .Values.readinessProbe) | nindent 8 }}
      {{- with .Values.lifecycle }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "suuupra-gateway.securityContext" . | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .Values.lastKnownGood.enabled }}
        - name: last-known-good
          mountPath: /var/lib/suuupra
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if .Values.lastKnownGood.enabled }}
    # In memory: it may hold private keys.
    - name: last-known-good
      emptyDir:
        medium: Memory
        sizeLimit: {{ .Values.lastKnownGood.sizeLimit }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
