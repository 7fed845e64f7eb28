{{- define "kyvc.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "kyvc.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "kyvc.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "kyvc.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kyvc.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "kyvc.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kyvc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: admission-controller
{{- end -}}

{{- define "kyvc.labels" -}}
{{ include "kyvc.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "kyvc.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object: a list of the root, its name, its own annotations, whether it has a namespace, and labels besides. */}}
{{- define "kyvc.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 | quote }}
{{- if index . 3 }}
namespace: {{ include "kyvc.namespace" $root | quote }}
{{- end }}
labels:
  {{- include "kyvc.labels" $root | nindent 2 }}
  {{- if gt (len .) 4 }}
  {{- with index . 4 }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- with merge (dict) (index . 2) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kyvc.image" -}}
{{- $name := printf "%s/%s" .Values.image.registry .Values.image.repository | trimPrefix "/" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "kyvc.serviceName" -}}
{{- printf "%s-svc" (include "kyvc.fullname" .) -}}
{{- end -}}

{{- define "kyvc.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kyvc.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kyvc.configMapName" -}}
{{- default (include "kyvc.fullname" .) .Values.config.name -}}
{{- end -}}

{{- define "kyvc.caSecret" -}}
{{- default (printf "%s.kyvc-tls-ca" (include "kyvc.serviceName" .)) .Values.certificates.caSecret -}}
{{- end -}}

{{- define "kyvc.tlsSecret" -}}
{{- default (printf "%s.kyvc-tls-pair" (include "kyvc.serviceName" .)) .Values.certificates.tlsSecret -}}
{{- end -}}

{{/* Whether there is more than one replica at all times. */}}
{{- define "kyvc.several" -}}
{{- if gt (int (ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled)) 1 -}}true{{- end -}}
{{- end -}}
