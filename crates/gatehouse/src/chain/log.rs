//! The access log, with what each filter decided.

/// The filters that leave no decision of their own.
const LOOK_ON: [&str; 2] = ["telemetry", "audit"];

/// The item of `access_log`: one JSON object a request.
pub(crate) fn access_log(filters: &[&str]) -> String {
    let mut fields = String::new();
    let decide = filters.iter().filter(|filter| !LOOK_ON.contains(filter));
    for name in decide.map(|filter| filter.replace('-', "_")) {
        fields.push_str(&state(&name));
    }
    if filters.contains(&"audit") {
        fields.push_str(&state("record"));
    }
    if filters.contains(&"response-cache") {
        fields.push_str("        cache_status: \"%RESP(CACHE-STATUS)%\"\n");
    }
    format!(
        "\
- name: envoy.access_loggers.stdout
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
    log_format:
      json_format:
        time: \"%START_TIME%\"
        request_id: \"%REQ(X-REQUEST-ID)%\"
        method: \"%REQ(:METHOD)%\"
        path: \"%PATH(NQ:ORIG_OR_PATH)%\"
        status: \"%RESPONSE_CODE%\"
        details: \"%RESPONSE_CODE_DETAILS%\"
        duration_ms: \"%DURATION%\"
{fields}"
    )
}

fn state(name: &str) -> String {
    format!("        {name}: \"%FILTER_STATE(wasm.gatehouse.{name}:PLAIN)%\"\n")
}
