{{/* CLUSTER_SETTINGS_FILE, as apps/core-api/src/features/cluster reads it. */}}
{{- define "biplane.clusterSettings" -}}
{{- $regions := dict }}
{{- if .Values.reconciler.enabled }}
{{- $_ := required "image.tenantApi.digest: dedicated homes name their image by digest (or reconciler.enabled=false)" .Values.image.tenantApi.digest }}
{{- range $region := keys .Values.regions | sortAlpha }}
{{- $own := dig "dedicatedHomes" (dict) (index $.Values.regions $region) }}
{{- $homes := mergeOverwrite (deepCopy $.Values.dedicatedHomes) (deepCopy $own) }}
{{- $_ := required (printf "regions.%s.dedicatedHomes.domain: dedicated homes are served at names below it" $region) $homes.domain }}
{{- $route := pick $homes.route "kind" "gateway" }}
{{- if eq $homes.route.kind "ingress" }}{{ $route = pick $homes.route "kind" "className" "tls" "annotations" }}{{ end }}
{{- $pool := dict
  "namespaceLabels" (dict "kubernetes.io/metadata.name" $.Release.Namespace)
  "podLabels" (include "biplane.selectorLabels" (dict "root" $ "component" "tenant-api" "region" $region) | fromYaml) }}
{{- $settings := merge (dict
  "image" (include "biplane.image" (dict "root" $ "image" $.Values.image.tenantApi))
  "route" $route
  "enrollmentUrl" (printf "http://%s-internal.%s.svc:8081" (include "biplane.pool" (dict "root" $ "region" $region)) $.Release.Namespace)
  "kafkaBrokers" $.Values.kafka.brokers
  "rootKey" (include "biplane.rootKey" $ | fromJson)
  "httpPort" 8080
  "internalPort" 8081
  "logLevel" $.Values.logLevel
  "trustedProxies" (dig "trustedProxies" $.Values.trustedProxies $homes)
  "egress" (merge (dict "enrollment" (dict "peers" (list $pool) "ports" (list 8081))) $homes.egress)) (omit $homes "route" "egress") }}
{{- $_ := set $regions $region $settings }}
{{- end }}
{{- end }}
{{- dict "regions" $regions | toPrettyJson }}
{{- end -}}
