{{- /* Fails when the cluster has this CRD from a newer release: fields that only the newer one knows would be lost. */}}
{{- define "suuupra-gateway-crds.notOlder" -}}
{{- $installed := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .name -}}
{{- $version := dig "metadata" "annotations" "gateway.suuupra.io/bundle-version" "0.0.0" $installed -}}
{{- if semverCompare (printf "> %s-0" .root.Chart.AppVersion) $version -}}
{{- if ne $version .root.Chart.AppVersion -}}
{{- fail (printf "the cluster has CRDs of release %s (%s), newer than %s of this chart; install suuupra-gateway-crds %s or newer" $version .name .root.Chart.AppVersion $version) -}}
{{- end -}}
{{- end -}}
{{- end }}
