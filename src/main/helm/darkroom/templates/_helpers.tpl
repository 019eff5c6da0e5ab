{{/* Name of all objects, or their prefix. */}}
{{- define "darkroom.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that select the pods of all roles. */}}
{{- define "darkroom.selector" -}}
app.kubernetes.io/name: darkroom
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of all objects. */}}
{{- define "darkroom.labels" -}}
{{ include "darkroom.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Name of the headless service with the management and cluster ports of all pods. */}}
{{- define "darkroom.nodes" -}}
{{ include "darkroom.name" . }}-nodes
{{- end -}}

{{/* Base URL of the API: the host of the Ingress, or the address of the service in the cluster. */}}
{{- define "darkroom.publicUrl" -}}
{{- if .Values.ingress.enabled -}}
{{ ternary "https" "http" (ne .Values.ingress.tlsSecret "") }}://{{ .Values.ingress.host }}
{{- else -}}
{{- $tls := ne .Values.tls.existingSecret "" -}}
{{- $port := int .Values.service.port -}}
{{ ternary "https" "http" $tls }}://{{ include "darkroom.name" . }}.{{ .Release.Namespace }}.svc
{{- if ne $port (ternary 443 80 $tls) }}:{{ $port }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "darkroom.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "darkroom.serviceAccount" -}}
{{ default (include "darkroom.name" .) .Values.serviceAccount.existing }}
{{- end -}}

{{/* Name of the secret with the URL of the database. */}}
{{- define "darkroom.databaseSecret" -}}
{{- if .Values.cloudNativePg.enabled -}}
{{ include "darkroom.name" . }}-database-app
{{- else -}}
{{ default (printf "%s-database" (include "darkroom.name" .)) .Values.database.existingSecret }}
{{- end -}}
{{- end -}}

{{/* Name of the secret with the certificate of the authority of the database, or empty. */}}
{{- define "darkroom.databaseCaSecret" -}}
{{- if .Values.cloudNativePg.enabled -}}
{{ include "darkroom.name" . }}-database-ca
{{- else -}}
{{ .Values.database.caSecret }}
{{- end -}}
{{- end -}}

{{/* Parameters to add to the URL of the database, or empty. */}}
{{- define "darkroom.databaseParameters" -}}
{{- $mode := .Values.database.sslmode -}}
{{- if .Values.cloudNativePg.enabled -}}
{{- $mode = "verify-full" -}}
{{- end -}}
{{- if $mode -}}
?sslmode={{ $mode }}
{{- if include "darkroom.databaseCaSecret" . -}}
&sslrootcert=/etc/darkroom/database-ca/ca.crt
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of the secret with the API keys of AI servers, or empty. */}}
{{- define "darkroom.keysSecret" -}}
{{- if .Values.backendKeys.existingSecret -}}
{{ .Values.backendKeys.existingSecret }}
{{- else if .Values.backendKeys.values -}}
{{ include "darkroom.name" . }}-keys
{{- end -}}
{{- end -}}

{{/* Name of the claim of the images, or empty. */}}
{{- define "darkroom.imagesClaim" -}}
{{- if eq .Values.settings.imageStore "local" -}}
{{ default (printf "%s-images" (include "darkroom.name" .)) .Values.images.existingClaim }}
{{- end -}}
{{- end -}}

{{/* Whether only one pod can use the volume of the images. */}}
{{- define "darkroom.singlePod" -}}
{{- if and (eq .Values.settings.imageStore "local") (ne .Values.images.accessMode "ReadWriteMany") -}}
true
{{- end -}}
{{- end -}}

{{/* Name of the Deployment with the pods that call AI servers. */}}
{{- define "darkroom.workerName" -}}
{{ include "darkroom.name" . }}{{ if .Values.split.enabled }}-worker{{ end }}
{{- end -}}

{{/* The Deployments: component, role (empty: all) , replicas, resources, and whether autoscaling sets the replicas. As JSON. */}}
{{- define "darkroom.deployments" -}}
{{- $scaled := ne .Values.autoscaling.type "none" -}}
{{- $deployments := list -}}
{{- if .Values.split.enabled -}}
{{- range $role := list "api" "worker" "notifier" -}}
{{- $values := index $.Values.split $role -}}
{{- $resources := default $.Values.resources $values.resources -}}
{{- $deployments = append $deployments (dict "component" $role "role" $role "replicas" $values.replicas "resources" $resources "scaled" (and $scaled (eq $role "worker"))) -}}
{{- end -}}
{{- else -}}
{{- $deployments = append $deployments (dict "component" "all" "role" "" "replicas" .Values.replicas "resources" .Values.resources "scaled" $scaled) -}}
{{- end -}}
{{- dict "deployments" $deployments | toJson -}}
{{- end -}}

{{/* Converts a duration such as 20s to seconds, rounded up. */}}
{{- define "darkroom.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- if eq $unit "ms" -}}
{{ div (add $number 999) 1000 }}
{{- else -}}
{{ mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit) }}
{{- end -}}
{{- end -}}

{{/*
Time from the start of a termination to SIGKILL, in seconds: preStop, streams (15), requests in flight (15), the grace period of AI calls and
then of webhook deliveries, leaving the cluster (5), closing the database connections (5), and 10 for the rest.
*/}}
{{- define "darkroom.terminationSeconds" -}}
{{- $grace := include "darkroom.seconds" .Values.settings.shutdown.gracePeriod | int64 -}}
{{ add .Values.preStopSeconds 15 15 $grace $grace 5 5 10 }}
{{- end -}}

{{/* Whether a NetworkPolicy peer list is given: renders "from" or "to" with the peers. */}}
{{- define "darkroom.peers" -}}
{{- if .peers }}
{{ .direction }}:
{{ toYaml .peers | indent 2 }}
{{- end }}
{{- end -}}
