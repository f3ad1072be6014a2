{{/* Names and labels: made here alone. */}}

{{- define "biplane.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{ .Release.Name }}{{- else -}}{{ printf "%s-%s" .Release.Name $name }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* {root, part}: a name of ours. One that is too long is refused, never cut: two regions could meet in what is left. */}}
{{- define "biplane.name" -}}
{{- $name := printf "%s-%s" (include "biplane.fullname" .root) .part -}}
{{- if gt (len $name) 52 -}}
{{- fail (printf "the name %s has more than 52 characters: choose a shorter fullnameOverride" $name) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "biplane.pool" -}}
{{- include "biplane.name" (dict "root" .root "part" (printf "tenant-api-%s" .region)) -}}
{{- end -}}

{{/* {root, component, region?}: what a Service and a Deployment choose their pods by. Never change it: it is immutable. */}}
{{- define "biplane.selectorLabels" -}}
app.kubernetes.io/name: biplane
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .region }}
biplane.dev/region: {{ . }}
{{- end }}
{{- end -}}

{{- define "biplane.labels" -}}
{{ include "biplane.selectorLabels" . }}
app.kubernetes.io/part-of: biplane
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "biplane.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "biplane.labels" . | nindent 2 }}
{{- end -}}

{{/* {root, image}: by digest when there is one. */}}
{{- define "biplane.image" -}}
{{- $name := .image.repository -}}
{{- with .root.Values.image.registry -}}{{- $name = printf "%s/%s" . $name -}}{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}

{{/* {name, secret, key}: a variable whose value stands in a Secret. */}}
{{- define "biplane.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret }}, key: {{ .key }} }
{{- end -}}

{{/* The region's values over those of tenantApi. */}}
{{- define "biplane.poolValues" -}}
{{- $region := index .root.Values.regions .region -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.tenantApi) (omit $region "homeId" "kafkaUser" "existingSecrets" "hosts" "dedicatedHomes")) -}}
{{- end -}}

{{- define "biplane.rootKey" -}}
{{- $key := required "rootKey is the file root.pub.json of the ceremony: --set-file rootKey=root.pub.json" .Values.rootKey -}}
{{- if hasKey (fromJson $key) "Error" -}}{{ fail "rootKey is not JSON" }}{{- end -}}
{{- trim $key -}}
{{- end -}}

{{/* What the services read at their start from ConfigMaps: when it changes, pods are replaced. */}}
{{- define "biplane.configChecksum" -}}
{{- printf "%s\n%s" (include "biplane.rootKey" .) (include "biplane.clusterSettings" .) | sha256sum -}}
{{- end -}}
