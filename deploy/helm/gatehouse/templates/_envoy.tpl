{{/*
Pieces of Envoy's configuration, as JSON: what is quoted there can be read in one way only. What the
demo gateway of the project has in common with this one comes from its own file.
*/}}
{{- define "gatehouse.demo" -}}
{{ .Files.Get "files/envoy.yaml" | fromYaml | toJson }}
{{- end }}

{{/* A file of the ConfigMap, read again when the kubelet has changed the folder. */}}
{{- define "gatehouse.source" -}}
{{- $folder := "/etc/envoy/dynamic" -}}
{{ dict "resource_api_version" "V3" "initial_fetch_timeout" "0s" "path_config_source"
  (dict "path" (printf "%s/%s.json" $folder .) "watched_directory" (dict "path" $folder)) | toJson }}
{{- end }}

{{- define "gatehouse.plugin" -}}
{{ default .name .plugin }}
{{- end }}

{{/* One filter: (list . filter). */}}
{{- define "gatehouse.filter" -}}
{{- $top := index . 0 -}}
{{- $filter := index . 1 -}}
{{- $plugin := include "gatehouse.plugin" $filter -}}
{{- $known := list -}}
{{- range $top.Values.env }}{{ $known = append $known .name }}{{ end -}}
{{- range $filter.env }}
{{- if not (has . $known) }}
{{- fail (printf "filters: %s reads the variable %s, which `env` does not have" $plugin .) }}
{{- end }}
{{- end -}}
{{- $file := printf "/etc/gatehouse/filters/%s.wasm" $filter.name -}}
{{- $vm := dict
  "vm_id" (printf "gatehouse.%s" $plugin)
  "runtime" "envoy.wasm.runtime.v8"
  "code" (dict "local" (dict "filename" $file)) -}}
{{- with $filter.env }}
{{- $_ := set $vm "environment_variables" (dict "host_env_keys" .) }}
{{- end -}}
{{- $config := dict
  "name" $plugin
  "root_id" $filter.name
  "failure_policy" (default "FAIL_RELOAD" $filter.failurePolicy)
  "vm_config" $vm
  "configuration" (dict
    "@type" "type.googleapis.com/google.protobuf.Struct"
    "value" (default dict $filter.config)) -}}
{{- if $filter.allowOnHeadersStopIteration }}
{{- $_ := set $config "allow_on_headers_stop_iteration" true }}
{{- end -}}
{{ dict
  "@type" "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
  "name" $plugin
  "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
    "config" $config) | toJson }}
{{- end }}

{{- define "gatehouse.listener" -}}
{{- $demo := include "gatehouse.demo" . | fromJson -}}
{{- $shipped := first $demo.static_resources.listeners -}}
{{- $manager := (first (first $shipped.filter_chains).filters).typed_config -}}
{{- $manager = omit $manager "http_filters" "route_config" -}}
{{- $names := list -}}
{{- $filters := list -}}
{{- range .Values.filters }}
{{- $plugin := include "gatehouse.plugin" . }}
{{- if has $plugin $names }}
{{- fail (printf "filters: %s is there twice: give the second a `plugin` of its own" $plugin) }}
{{- end }}
{{- $names = append $names $plugin }}
{{- $filters = append $filters (dict
  "name" $plugin
  "config_discovery" (dict
    "config_source" (include "gatehouse.source" (printf "filter-%s" $plugin) | fromJson)
    "type_urls" (list "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"))) }}
{{- end -}}
{{- $filters = append $filters (dict
  "name" "envoy.filters.http.router"
  "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router")) -}}
{{- $_ := set $manager "http_filters" $filters -}}
{{- $_ := set $manager "rds" (dict
  "route_config_name" "gateway"
  "config_source" (include "gatehouse.source" "rds" | fromJson)) -}}
{{- $manager = mustMergeOverwrite $manager (deepCopy .Values.listener.connectionManager) -}}
{{- $chain := dict "filters" (list (dict
  "name" "envoy.filters.network.http_connection_manager"
  "typed_config" $manager)) -}}
{{- if .Values.listener.tls.secretName }}
{{- $_ := set $chain "transport_socket" (dict
  "name" "envoy.transport_sockets.tls"
  "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    "common_tls_context" (dict
      "alpn_protocols" (list "h2" "http/1.1")
      "tls_certificate_sds_secret_configs" (list (dict
        "name" "certificate"
        "sds_config" (include "gatehouse.source" "tls" | fromJson)))))) }}
{{- end -}}
{{ dict
  "@type" "type.googleapis.com/envoy.config.listener.v3.Listener"
  "name" "gateway"
  "address" (dict "socket_address" (dict "address" "0.0.0.0" "port_value" 8080))
  "per_connection_buffer_limit_bytes" $shipped.per_connection_buffer_limit_bytes
  "filter_chains" (list $chain) | toJson }}
{{- end }}

{{- define "gatehouse.certificate" -}}
{{ dict
  "@type" "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
  "name" "certificate"
  "tls_certificate" (dict
    "certificate_chain" (dict "filename" "/etc/envoy/tls/tls.crt")
    "private_key" (dict "filename" "/etc/envoy/tls/tls.key")
    "watched_directory" (dict "path" "/etc/envoy/tls")) | toJson }}
{{- end }}

{{- define "gatehouse.routes" -}}
{{- $demo := include "gatehouse.demo" . | fromJson -}}
{{- $shipped := first $demo.static_resources.listeners -}}
{{- $manager := (first (first $shipped.filter_chains).filters).typed_config -}}
{{- $hosts := .Values.virtualHosts -}}
{{- if not $hosts }}
{{- $hosts = list (dict
  "name" "gateway"
  "domains" (list "*")
  "retry_policy" (first $manager.route_config.virtual_hosts).retry_policy
  "routes" .Values.routes) }}
{{- end -}}
{{ dict
  "@type" "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
  "name" "gateway"
  "virtual_hosts" $hosts | toJson }}
{{- end }}

{{- define "gatehouse.cluster" -}}
{{- $address := dict "socket_address" (dict "address" .host "port_value" .port) -}}
{{- $endpoint := dict "endpoint" (dict "address" $address) -}}
{{- $cluster := dict
  "@type" "type.googleapis.com/envoy.config.cluster.v3.Cluster"
  "name" .name
  "type" "STRICT_DNS"
  "connect_timeout" "1s"
  "load_assignment" (dict
    "cluster_name" .name
    "endpoints" (list (dict "lb_endpoints" (list $endpoint)))) -}}
{{- if .http2 }}
{{- $options := "envoy.extensions.upstreams.http.v3.HttpProtocolOptions" }}
{{- $_ := set $cluster "typed_extension_protocol_options" (dict $options (dict
  "@type" (printf "type.googleapis.com/%s" $options)
  "explicit_http_config" (dict "http2_protocol_options" dict))) }}
{{- end }}
{{- if .tls }}
{{- $_ := set $cluster "transport_socket" (dict
  "name" "envoy.transport_sockets.tls"
  "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
    "sni" .host
    "common_tls_context" (dict "validation_context" (dict
      "trusted_ca" (dict "filename" "/etc/ssl/certs/ca-certificates.crt")
      "match_typed_subject_alt_names" (list (dict
        "san_type" "DNS" "matcher" (dict "exact" .host))))))) }}
{{- end }}
{{- if .healthCheck }}
{{- $_ := set $cluster "health_checks" (list (dict
  "timeout" "2s" "interval" "5s" "unhealthy_threshold" 3 "healthy_threshold" 1
  "http_health_check" (dict "path" .healthCheck))) }}
{{- end -}}
{{ mustMergeOverwrite $cluster (deepCopy (default dict .cluster)) | toJson }}
{{- end }}

{{- define "gatehouse.clusters" -}}
{{- $clusters := list -}}
{{- range .Values.upstreams }}
{{- $clusters = append $clusters (include "gatehouse.cluster" . | fromJson) }}
{{- end -}}
{{- if .Values.rateLimit.enabled }}
{{- $host := printf "%s-rate-limit.%s.svc.cluster.local" (include "gatehouse.fullname" .) .Release.Namespace }}
{{- $service := dict "name" "rate-limit" "host" $host "port" 8081 "http2" true }}
{{- $clusters = append $clusters (include "gatehouse.cluster" $service | fromJson) }}
{{- end -}}
{{- range .Values.clusters }}
{{- $kind := dict "@type" "type.googleapis.com/envoy.config.cluster.v3.Cluster" }}
{{- $clusters = append $clusters (mustMerge (deepCopy .) $kind) }}
{{- end -}}
{{ $clusters | toJson }}
{{- end }}

{{/* What is read at the start, and then no more. */}}
{{- define "gatehouse.bootstrap" -}}
{{- $demo := include "gatehouse.demo" . | fromJson -}}
{{- $get := list (dict "name" ":method" "string_match" (dict "exact" "GET")) -}}
{{- $routes := list -}}
{{- range list "/ready" "/stats/prometheus" }}
{{- $routes = append $routes (dict
  "match" (dict "path" . "headers" $get) "route" (dict "cluster" "admin")) }}
{{- end -}}
{{- $routes = append $routes (dict
  "match" (dict "path" "/live" "headers" $get) "direct_response" (dict "status" 200)) -}}
{{- $manager := dict
  "@type" "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
  "stat_prefix" "status"
  "http_filters" (list (dict
    "name" "envoy.filters.http.router"
    "typed_config" (dict
      "@type" "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router")))
  "route_config" (dict "virtual_hosts" (list (dict
    "name" "status" "domains" (list "*") "routes" $routes))) -}}
{{- $status := dict
  "name" "status"
  "address" (dict "socket_address" (dict "address" "0.0.0.0" "port_value" 8081))
  "ignore_global_conn_limit" true
  "filter_chains" (list (dict "filters" (list (dict
    "name" "envoy.filters.network.http_connection_manager" "typed_config" $manager)))) -}}
{{- $itself := dict "address" (dict "socket_address" (dict "address" "127.0.0.1" "port_value" 9901)) -}}
{{- $admin := dict
  "name" "admin"
  "type" "STATIC"
  "connect_timeout" "1s"
  "load_assignment" (dict
    "cluster_name" "admin"
    "endpoints" (list (dict "lb_endpoints" (list (dict "endpoint" $itself))))) -}}
{{- $bootstrap := dict
  "node" (dict "id" "gatehouse" "cluster" (include "gatehouse.fullname" .))
  "admin" $itself
  "stats_config" $demo.stats_config
  "overload_manager" $demo.overload_manager
  "static_resources" (dict "listeners" (list $status) "clusters" (list $admin))
  "dynamic_resources" (dict
    "lds_config" (include "gatehouse.source" "lds" | fromJson)
    "cds_config" (include "gatehouse.source" "cds" | fromJson)) -}}
{{ mustMergeOverwrite $bootstrap (deepCopy .Values.bootstrap) | toJson }}
{{- end }}

{{/* A file of resources: a list of them, indented. */}}
{{- define "gatehouse.resources" -}}
{{ dict "resources" . | mustToPrettyJson }}
{{- end }}
