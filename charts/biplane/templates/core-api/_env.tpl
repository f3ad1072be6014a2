{{/* What core-api reads; the reconciler and it share the first part. */}}
{{- define "biplane.coreEnv" -}}
{{ include "biplane.serviceEnv" (dict "root" .) }}
{{ include "biplane.proxyEnv" . }}
{{ include "biplane.kafkaEnv" (dict "root" . "user" "core") }}
{{ include "biplane.secretEnv" (dict "name" "CORE_DATABASE_URL" "secret" .Values.coreApi.existingSecrets.database "key" "url") }}
- name: REGIONS
  value: {{ keys .Values.regions | sortAlpha | join "," }}
- name: CONSUMER_GROUP
  value: {{ .Values.coreApi.consumerGroup }}
- name: CLIENTS_FILE
  value: /etc/biplane/clients/clients.json
- name: TOKEN_KEY_FILE
  value: /etc/biplane/token-key/token.pem
- name: FIELD_KEYS_FILE
  value: /etc/biplane/field-keys/field-keys.json
- name: ISSUER_FILE
  value: /etc/biplane/issuer/issuer.json
{{- if .Values.coreApi.existingSecrets.signingKeys }}
- name: SIGNING_KEYS_FOLDER
  value: /etc/biplane/signing-keys
{{- end }}
{{- with .Values.coreApi.kms }}
{{- if .url }}
- name: KMS_URL
  value: {{ .url | quote }}
{{- end }}
{{- if .existingSecret }}
- name: KMS_TOKEN_FILE
  value: /etc/biplane/kms/token
{{- end }}
{{- end }}
{{- if .Values.reconciler.enabled }}
# For dry runs: what homes are made of, and no credentials of the cluster.
{{ include "biplane.clustersEnv" . }}
{{- end }}
{{- with .Values.coreApi.mail }}
{{- if .url }}
- name: MAIL_URL
  value: {{ .url | quote }}
- name: MAIL_FROM
  value: {{ required "coreApi.mail.from is needed with coreApi.mail.url" .from | quote }}
{{- end }}
{{- if .existingSecret }}
- name: MAIL_CREDENTIALS_FILE
  value: /etc/biplane/mail/mail.json
{{- end }}
{{- if .caSecret }}
- name: MAIL_CA_FILE
  value: /etc/biplane/mail-ca/ca.pem
{{- end }}
{{- end }}
{{- end -}}
