{{/*
{root, part, component?, ingress?: {open?, from, port}, egress?: [{to, ports, udp?}], hook?}: one NetworkPolicy over the pods of a
component, or over all of the release. What it does not name is closed both ways, unless another policy lets it through.
*/}}
{{- define "biplane.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "biplane.metadata" (merge (dict "component" (.component | default "network") "name" (include "biplane.name" .)) .) | nindent 2 }}
  {{- if .hook }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: '-20'
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  {{- end }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: biplane
      app.kubernetes.io/instance: {{ .root.Release.Name }}
      {{- with .component }}
      app.kubernetes.io/component: {{ . }}
      {{- end }}
  policyTypes: [Ingress, Egress]
  {{- with .ingress }}
  {{- if or .open .from }}
  ingress:
    - ports: [{ port: {{ .port }}, protocol: TCP }]
      {{- if not .open }}
      from:
        {{- toYaml .from | nindent 8 }}
      {{- end }}
  {{- end }}
  {{- end }}
  {{- with .egress }}
  egress:
    {{- range . }}
    - ports:
        {{- $udp := .udp }}
        {{- range .ports }}
        - { port: {{ . }}, protocol: TCP }
        {{- if $udp }}
        - { port: {{ . }}, protocol: UDP }
        {{- end }}
        {{- end }}
      {{- with .to }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
