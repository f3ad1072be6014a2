{{/* What every pod of the chart has in common: Pod Security `restricted`, and nothing that is not needed. */}}

{{- define "biplane.podSecurity" -}}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "biplane.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Where pods may run: {root, component, region?, values}. */}}
{{- define "biplane.scheduling" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "biplane.spread" -}}
topologySpreadConstraints:
  {{- $selector := include "biplane.selectorLabels" . }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* Variables that every service reads. Listening on the pod's own address works where IPv4 is missing too. */}}
{{- define "biplane.serviceEnv" -}}
- name: NODE_ENV
  value: {{ .root.Values.nodeEnv }}
- name: LOG_LEVEL
  value: {{ .root.Values.logLevel }}
- name: HOST
  {{- if eq .root.Values.listenOn "podIP" }}
  valueFrom:
    fieldRef: { fieldPath: status.podIP }
  {{- else }}
  value: {{ .root.Values.listenOn | quote }}
  {{- end }}
- name: HTTP_PORT
  value: '8080'
- name: INSTANCE_ID
  valueFrom:
    fieldRef: { fieldPath: metadata.name }
{{- end -}}

{{/* Variables of services that clients reach from outside. */}}
{{- define "biplane.proxyEnv" -}}
- name: TRUSTED_PROXIES
  value: {{ join "," .Values.trustedProxies | quote }}
{{- end -}}

{{/* {root, user} */}}
{{- define "biplane.kafkaEnv" -}}
- name: KAFKA_BROKERS
  value: {{ join "," .root.Values.kafka.brokers }}
- name: KAFKA_USERNAME
  value: {{ .user }}
{{ include "biplane.secretEnv" (dict "name" "KAFKA_PASSWORD" "secret" .root.Values.kafka.existingSecret "key" .user) }}
{{- end -}}

{{/* Each a list of {name, secret | configMap, path}: one folder a file, below /etc/biplane. */}}
{{- define "biplane.mounts" -}}
{{- range . }}
- name: {{ .name }}
  mountPath: /etc/biplane/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "biplane.volumes" -}}
{{- range . }}
- name: {{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    {{- with .path }}
    items: [{ key: {{ . }}, path: {{ . }} }]
    {{- end }}
  {{- else }}
  configMap:
    name: {{ .configMap }}
    {{- with .path }}
    items: [{ key: {{ . }}, path: {{ . }} }]
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Readiness asks the database and the topics; liveness neither, so that their outage restarts nothing. */}}
{{- define "biplane.probes" -}}
startupProbe:
  # Five minutes: a start waits for the topics, and behind a long migration for its lock.
  httpGet: { path: /health/live, port: http }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 150
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{/* {root, component, region?, name, values, image, entry, ports, env, files, serviceAccount?}: a service of ours. */}}
{{- define "biplane.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "biplane.metadata" . | nindent 2 }}
spec:
  {{- if not (dig "autoscaling" "enabled" false .values) }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  progressDeadlineSeconds: 600
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  selector:
    matchLabels:
      {{- include "biplane.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "biplane.labels" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "biplane.configChecksum" .root }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .serviceAccount | default "default" }}
      {{- include "biplane.podSecurity" (dict "root" .root "token" (ne (.serviceAccount | default "") "")) | nindent 6 }}
      {{- include "biplane.scheduling" . | nindent 6 }}
      {{- include "biplane.spread" . | nindent 6 }}
      # 5 s until no balancer sends anything any more, 25 s in which the service finishes, and some air.
      terminationGracePeriodSeconds: 45
      containers:
        - name: {{ .component }}
          image: {{ include "biplane.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [node, --enable-source-maps, {{ .entry }}]
          ports:
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP }
            {{- end }}
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            {{- .env | nindent 12 }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- include "biplane.probes" . | nindent 10 }}
          lifecycle:
            preStop:
              sleep: { seconds: 5 }
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "biplane.containerSecurity" . | nindent 12 }}
          volumeMounts:
            {{- include "biplane.mounts" .files | trim | nindent 12 }}
      volumes:
        {{- include "biplane.volumes" .files | trim | nindent 8 }}
{{- end -}}

{{/* {root, component, region?, name, values}: PodDisruptionBudget. */}}
{{- define "biplane.disruptionBudget" -}}
{{- if .values.podDisruptionBudget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "biplane.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "biplane.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* {root, component, region?, name, values}: HorizontalPodAutoscaler on processor time, and on lag where asked for. */}}
{{- define "biplane.autoscaler" -}}
{{- with .values.autoscaling }}
{{- if .enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "biplane.metadata" $ | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $.name }} }
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .cpuUtilization }} }
    {{- with .lag }}
    {{- if .enabled }}
    - type: External
      external:
        metric:
          name: {{ .metricName }}
          {{- with .matchLabels }}
          selector:
            matchLabels:
              {{- toYaml . | nindent 14 }}
          {{- end }}
        target: { type: AverageValue, averageValue: {{ .averageValue | quote }} }
    {{- end }}
    {{- end }}
  behavior:
    # Each change of the group moves partitions: up at once, down late and one by one.
    scaleDown:
      stabilizationWindowSeconds: 600
      policies: [{ type: Pods, value: 1, periodSeconds: 120 }]
{{- end }}
{{- end }}
{{- end -}}

{{/* {root, component, region?, name, hosts, service, ingress}: Ingress of a Service's public port. */}}
{{- define "biplane.ingress" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "biplane.metadata" . | nindent 2 }}
  {{- with .ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .ingress.tlsSecret }}
  tls:
    - secretName: {{ . }}
      hosts:
        {{- toYaml $.hosts | nindent 8 }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service: { name: {{ $.name }}, port: { name: http } }
    {{- end }}
{{- end -}}
