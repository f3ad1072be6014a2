{{/* {root, region, mail}: what the region's pool reads. */}}
{{- define "biplane.poolEnv" -}}
{{- $pool := index .root.Values.regions .region -}}
{{ include "biplane.serviceEnv" . }}
{{ include "biplane.proxyEnv" .root }}
{{ include "biplane.kafkaEnv" (dict "root" .root "user" ($pool.kafkaUser | default (printf "home-%s" .region))) }}
- name: INTERNAL_PORT
  value: '8081'
- name: HOME_ID
  value: {{ $pool.homeId }}
- name: HOME_KIND
  value: shared
- name: REGION
  value: {{ .region }}
{{ include "biplane.secretEnv" (dict "name" "HOME_DATABASE_URL" "secret" $pool.existingSecrets.database "key" "url") }}
{{ include "biplane.secretEnv" (dict "name" "PROVISIONER_DATABASE_URL" "secret" $pool.existingSecrets.provisioner "key" "url") }}
{{ include "biplane.secretEnv" (dict "name" "REDIS_URL" "secret" $pool.existingSecrets.redis "key" "url") }}
- name: REDIS_PREFIX
  value: {{ printf "bp:%s:" (replace "-" "" $pool.homeId) | quote }}
- name: CLIENTS_FILE
  value: /etc/biplane/clients/clients.json
- name: TOKEN_KEY_FILE
  value: /etc/biplane/token-key/token.pem
- name: FIELD_KEYS_FILE
  value: /etc/biplane/field-keys/field-keys.json
- name: ROOT_KEY_FILE
  value: /etc/biplane/root-key/root.pub.json
{{- with .mail }}
{{- if .url }}
- name: MAIL_URL
  value: {{ .url | quote }}
- name: MAIL_FROM
  value: {{ required "tenantApi.mail.from is needed with tenantApi.mail.url" .from | quote }}
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
