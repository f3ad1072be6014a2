{{/* How dedicated homes are run: the reconciler does it, core-api says it before. */}}
{{- define "biplane.clustersEnv" -}}
- name: PLATFORM
  value: {{ .Values.reconciler.platform }}
- name: CLUSTER_SETTINGS_FILE
  value: /etc/biplane/cluster-settings/cluster-settings.json
{{- end -}}
{{- define "biplane.reconcilerEnv" -}}
{{ include "biplane.serviceEnv" (dict "root" .) }}
{{ include "biplane.secretEnv" (dict "name" "CORE_DATABASE_URL" "secret" .Values.coreApi.existingSecrets.database "key" "url") }}
- name: FIELD_KEYS_FILE
  value: /etc/biplane/field-keys/field-keys.json
{{ include "biplane.clustersEnv" . }}
{{- end -}}
