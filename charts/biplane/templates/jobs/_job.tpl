{{/* {root, component, region?, name, image, entry, env, weight}: runs to its end before anything else of the release is changed. */}}
{{- define "biplane.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "biplane.metadata" . | nindent 2 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: {{ .root.Values.jobs.backoffLimit }}
  activeDeadlineSeconds: {{ .root.Values.jobs.activeDeadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "biplane.labels" . | nindent 8 }}
    spec:
      restartPolicy: Never
      serviceAccountName: default
      {{- include "biplane.podSecurity" . | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "biplane.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [node, --enable-source-maps, {{ .entry }}]
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            {{- .env | nindent 12 }}
          resources:
            {{- toYaml .root.Values.jobs.resources | nindent 12 }}
          securityContext:
            {{- include "biplane.containerSecurity" . | nindent 12 }}
{{- end -}}
