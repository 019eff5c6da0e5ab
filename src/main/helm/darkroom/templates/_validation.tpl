{{/* Fails with a message for values that Kubernetes would accept and Darkroom would not survive. */}}
{{- define "darkroom.validate" -}}
{{- $settings := .Values.settings -}}
{{- if not (or .Values.cloudNativePg.enabled .Values.database.existingSecret .Values.database.url) -}}
{{- fail "no database: set database.existingSecret, database.url or cloudNativePg.enabled" -}}
{{- end -}}
{{- if gt (len (compact (list (ternary "x" "" .Values.cloudNativePg.enabled) .Values.database.existingSecret .Values.database.url))) 1 -}}
{{- fail "several databases: set only one of database.existingSecret, database.url and cloudNativePg.enabled" -}}
{{- end -}}
{{- range $path := list "database.url" "database.directUrl" "backend.apiKey" "s3.accessKeyId" "s3.secretAccessKey" "tracing.headers" -}}
{{- $part := splitList "." $path -}}
{{- if hasKey (default dict (get $settings (index $part 0))) (index $part 1) -}}
{{- fail (printf "settings.%s would be in a ConfigMap: use database, backendKeys, s3 or env of the chart for secrets" $path) -}}
{{- end -}}
{{- end -}}
{{- range $name, $backend := default dict $settings.backends -}}
{{- if hasKey (default dict $backend) "apiKey" -}}
{{- fail (printf "settings.backends.%s.apiKey would be in a ConfigMap: use backendKeys, and apiKeys: main=file:/etc/darkroom/keys/NAME" $name) -}}
{{- end -}}
{{- end -}}
{{- range $path := list "dataDir" "imageDir" "node.roles" "http.host" "management.host" "cluster.host" "cluster.members" "cluster.kubernetesService" "http.tls" -}}
{{- $part := splitList "." $path -}}
{{- $section := ternary $settings (default dict (get $settings (index $part 0))) (eq (len $part) 1) -}}
{{- if hasKey $section (last $part) -}}
{{- fail (printf "settings.%s is set by the chart" $path) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $settings.imageStore "s3") (not (dig "s3" "bucket" "" $settings)) -}}
{{- fail "no image store: set settings.s3.bucket, or settings.imageStore: local for a volume" -}}
{{- end -}}
{{- if include "darkroom.singlePod" . -}}
{{- if or .Values.split.enabled (ne .Values.autoscaling.type "none") (gt (int .Values.replicas) 1) -}}
{{- fail "images on a ReadWriteOnce volume permit one pod: set settings.imageStore: s3, images.accessMode: ReadWriteMany, or replicas: 1 without split and autoscaling" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.enabled needs ingress.host" -}}
{{- end -}}
{{- end -}}
