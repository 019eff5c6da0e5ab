{{/* Specification of a pod. Takes the root context and one of darkroom.deployments. */}}
{{- define "darkroom.pod" -}}
{{- $settings := .root.Values.settings -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "darkroom.serviceAccount" .root }}
automountServiceAccountToken: false
# Variables of services with the prefix DARKROOM_ would look like settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "darkroom.terminationSeconds" .root }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $values.topologySpread }}
    labelSelector:
      matchLabels:
        {{- include "darkroom.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $.deployment.component }}
    # Pods of the previous version do not count during an upgrade.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
containers:
  - name: darkroom
    image: {{ include "darkroom.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    env:
      - name: DARKROOM_CONF
        value: /etc/darkroom/settings/darkroom.yaml
      {{- if .deployment.role }}
      - name: DARKROOM_NODE_ROLES
        value: {{ .deployment.role }}
      {{- end }}
      {{- if $settings.cluster.enabled }}
      - name: DARKROOM_CLUSTER_HOST
        valueFrom:
          fieldRef:
            fieldPath: status.podIP
      {{- end }}
      - name: DATABASE_URI
        valueFrom:
          secretKeyRef:
            name: {{ include "darkroom.databaseSecret" .root }}
            key: {{ ternary "uri" $values.database.key $values.cloudNativePg.enabled }}
      - name: DARKROOM_DATABASE_URL
        value: $(DATABASE_URI){{ include "darkroom.databaseParameters" .root }}
      {{- if $values.database.directKey }}
      - name: DATABASE_DIRECT_URI
        valueFrom:
          secretKeyRef:
            name: {{ include "darkroom.databaseSecret" .root }}
            key: {{ $values.database.directKey }}
      - name: DARKROOM_DATABASE_DIRECT_URL
        value: $(DATABASE_DIRECT_URI){{ include "darkroom.databaseParameters" .root }}
      {{- end }}
      {{- with $values.s3 }}
      {{- if .existingSecret }}
      - name: DARKROOM_S3_ACCESS_KEY_ID
        valueFrom:
          secretKeyRef:
            name: {{ .existingSecret }}
            key: {{ .accessKeyIdKey }}
      - name: DARKROOM_S3_SECRET_ACCESS_KEY
        valueFrom:
          secretKeyRef:
            name: {{ .existingSecret }}
            key: {{ .secretAccessKeyKey }}
      {{- end }}
      {{- end }}
      {{- with $values.env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    ports:
      - name: http
        containerPort: {{ $settings.http.port }}
      - name: management
        containerPort: {{ $settings.management.port }}
      {{- if $settings.cluster.enabled }}
      - name: cluster
        containerPort: {{ $settings.cluster.port }}
      - name: bus
        containerPort: {{ $settings.cluster.busPort }}
      {{- end }}
    # The management port opens after the migrations of the database.
    startupProbe:
      httpGet:
        path: /health/live
        port: management
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: {{ div (add $values.probes.startupSeconds 1) 2 }}
    # Becomes 503 when the process stops, or cannot use its database or image store. Each check takes up to 2 s.
    readinessProbe:
      httpGet:
        path: /health/ready
        port: management
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: 2
    # Independent of the database and of AI servers: an outage restarts no pod.
    livenessProbe:
      httpGet:
        path: /health/live
        port: management
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    lifecycle:
      preStop:
        # The pod leaves the endpoints at once, but load balancers notice it later. Darkroom closes its port soon after SIGTERM.
        sleep:
          seconds: {{ $values.preStopSeconds }}
    resources:
      {{- toYaml .deployment.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    volumeMounts:
      - name: settings
        mountPath: /etc/darkroom/settings
        readOnly: true
      - name: data
        mountPath: /var/lib/darkroom
      - name: tmp
        mountPath: /tmp
      {{- if include "darkroom.keysSecret" .root }}
      - name: keys
        mountPath: /etc/darkroom/keys
        readOnly: true
      {{- end }}
      {{- if $values.tls.existingSecret }}
      - name: tls
        mountPath: /etc/darkroom/tls
        readOnly: true
      {{- end }}
      {{- if include "darkroom.databaseCaSecret" .root }}
      - name: database-ca
        mountPath: /etc/darkroom/database-ca
        readOnly: true
      {{- end }}
      {{- with $values.volumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: settings
    configMap:
      name: {{ include "darkroom.name" .root }}
  - name: data
    {{- with include "darkroom.imagesClaim" .root }}
    persistentVolumeClaim:
      claimName: {{ . }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  - name: tmp
    emptyDir: {}
  {{- with include "darkroom.keysSecret" .root }}
  - name: keys
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- with $values.tls.existingSecret }}
  - name: tls
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- with include "darkroom.databaseCaSecret" .root }}
  - name: database-ca
    secret:
      secretName: {{ . }}
      items:
        - key: ca.crt
          path: ca.crt
  {{- end }}
  {{- with $values.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
