//! An OpenTelemetry collector that keeps what it is sent, and the gateway that sends it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_sandbox::{Builder, Gateway};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::rate_limit_service::{listening, stop};
use super::{configuration, envoy_minor, until};

/// The gateway with traces.
pub(crate) const CONFIG: &str = "envoy/tracing.yaml";

/// How its configuration calls the collector.
pub(crate) const NAME: &str = "collector:4317";

/// Where spans are taken.
const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A collector. Dropping it stops it.
pub(crate) struct Collector {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// All messages, as they came.
    bytes: Vec<u8>,
}

/// A span, with numbers as they are written everywhere else: in hexadecimal.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty where it is the first of its trace.
    pub(crate) parent: String,
    /// The `tracestate`.
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) kind: otlp::span::SpanKind,
    pub(crate) has_failed: bool,
    /// Texts, numbers and booleans, as they were sent.
    pub(crate) tags: BTreeMap<String, Value>,
    /// The `service.name` of who sent it.
    pub(crate) service: Value,
}

/// The gateway with traces, which sends them to this collector at once.
///
/// Versions before 1.40 have no types of tags, those before 1.38 do not tell the id of a span, and
/// those before 1.37 know no tags but those of headers: what they do not know is left out, and for
/// the last that is all.
pub(crate) fn builder(collector: &Collector) -> Builder {
    to(collector.address)
}

/// The same, with spans that go to this address.
pub(crate) fn to(address: SocketAddr) -> Builder {
    Gateway::builder(CONFIG).upstream(NAME, address).edit(known_to_this_envoy).edit(|tree| {
        tree["layered_runtime"] = json!({"layers": [{"name": "at-once", "static_layer": {
            "tracing.opentelemetry.flush_interval_ms": 50,
            "tracing.opentelemetry.min_flush_spans": 1,
        }}]});
    })
}

/// Whether the Envoy of these cases makes spans with tags; says so where it does not.
pub(crate) fn is_told_of() -> bool {
    is_at_least(37, "does not know tags of formats")
}

/// The same of the id of a span, which calls are told.
pub(crate) fn tells_ids() -> bool {
    is_at_least(38, "does not tell the id of a span")
}

fn is_at_least(minor: u32, else_it: &str) -> bool {
    let is = envoy_minor() >= minor;
    if !is {
        println!("skipped: this Envoy {else_it}");
    }
    is
}

/// Takes out of the configuration with traces what this Envoy does not know.
pub(crate) fn known_to_this_envoy(tree: &mut Value) {
    if envoy_minor() < 40 {
        remove(tree, &|fields| _ = fields.remove("value_type"));
    }
    if envoy_minor() < 38 {
        remove(tree, &|fields| {
            if let Some(Value::Array(filters)) = fields.get_mut("http_filters") {
                filters.retain(|filter| filter["name"] != "trace-context");
            }
        });
    }
    if envoy_minor() < 37 {
        remove(tree, &|fields| _ = fields.remove("tracing"));
    }
}

/// Has the whole record be a tag too.
#[track_caller]
pub(crate) fn tag_record(tree: &mut Value) {
    configuration::shipped(tree, "audit")["record"] = json!(true);
    tag(tree, "gatehouse.record", "%FILTER_STATE(wasm.gatehouse.record:PLAIN)%");
}

/// Adds a tag to the spans of requests, where this Envoy knows such.
pub(crate) fn tag(tree: &mut Value, name: &str, value: &str) {
    let tags = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/tracing\
                /custom_tags";
    if let Some(tags) = tree.pointer_mut(tags).and_then(Value::as_array_mut) {
        tags.retain(|tag| tag["tag"] != name);
        tags.push(json!({"tag": name, "value": value}));
    }
}

fn remove(tree: &mut Value, from: &impl Fn(&mut serde_json::Map<String, Value>)) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, from)),
        Value::Object(fields) => {
            from(fields);
            fields.values_mut().for_each(|field| remove(field, from));
        }
        _ => {}
    }
}

impl Collector {
    pub(crate) fn start() -> Self {
        let (runtime, listener, address) = listening();
        let kept = Arc::default();
        let keeps = Arc::clone(&kept);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keeps = Arc::clone(&keeps);
                tokio::spawn(async move {
                    // A connection that ends is an end, whatever the reason.
                    let _ = serve(stream, &keeps).await;
                });
            }
        });
        Self { address, kept, runtime: Some(runtime) }
    }

    /// The spans so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// Everything that it was sent so far.
    pub(crate) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept.bytes).into_owned()
    }

    /// The span of the request with this id, waited for.
    #[track_caller]
    pub(crate) fn request(&self, id: &str) -> Span {
        self.wait(id, |span| span.is_of_request(id)).swap_remove(0)
    }

    /// The spans that are so, once there is one.
    #[track_caller]
    pub(crate) fn wait(&self, case: &str, is_so: impl Fn(&Span) -> bool) -> Vec<Span> {
        self.wait_for(case, 1, is_so)
    }

    /// The same, once there are so many.
    #[track_caller]
    pub(crate) fn wait_for(
        &self,
        case: &str,
        many: usize,
        is_so: impl Fn(&Span) -> bool,
    ) -> Vec<Span> {
        let mut found = Vec::new();
        until(case, || {
            found = self.spans();
            found.retain(|span| is_so(span));
            found.len() >= many
        });
        found
    }
}

impl Span {
    /// Whether it is that of a request of the gateway's clients: those below it have no such tag.
    pub(crate) fn is_of_request(&self, id: &str) -> bool {
        self.kind == otlp::span::SpanKind::Server
            && self.tags.get("guid:x-request-id") == Some(&json!(id))
    }

    /// A tag; null where there is none.
    pub(crate) fn tag(&self, name: &str) -> Value {
        self.tags.get(name).cloned().unwrap_or_default()
    }

    fn read(span: otlp::Span, service: &Value) -> Self {
        Self {
            kind: span.kind(),
            has_failed: span.status.is_some_and(|status| status.code == 2),
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            state: span.trace_state,
            name: span.name,
            tags: tags(span.attributes),
            service: service.clone(),
        }
    }
}

async fn serve(stream: tokio::net::TcpStream, kept: &Arc<Mutex<Kept>>) -> Result<(), h2::Error> {
    let mut connection = h2::server::Builder::new().handshake::<_, Cursor<Vec<u8>>>(stream).await?;
    while let Some(call) = connection.accept().await {
        let (request, answer) = call?;
        let kept = Arc::clone(kept);
        tokio::spawn(async move { keep(request, answer, &kept).await });
    }
    Ok(())
}

/// Takes one call of `Export`.
async fn keep(
    request: http::Request<h2::RecvStream>,
    mut answer: h2::server::SendResponse<Cursor<Vec<u8>>>,
    kept: &Mutex<Kept>,
) -> Result<(), h2::Error> {
    assert_eq!(request.uri().path(), METHOD);
    let mut content = request.into_body();
    let mut body = Vec::new();
    while let Some(data) = content.data().await {
        let data = data?;
        body.extend_from_slice(&data);
        content.flow_control().release_capacity(data.len())?;
    }
    kept.lock().unwrap_or_else(PoisonError::into_inner).keep(&body);
    let head = http::Response::builder().header("content-type", "application/grpc");
    let mut reply = answer.send_response(head.body(()).expect("a head"), false)?;
    // A message without fields: all spans were taken.
    reply.send_data(Cursor::new(vec![0; 5]), false)?;
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    reply.send_trailers(trailers)
}

impl Kept {
    /// Keeps the message of a call, which follows a flag and its length.
    fn keep(&mut self, body: &[u8]) {
        assert_eq!(body[0], 0, "a compressed message");
        let sent = ExportTraceServiceRequest::decode(&body[5..]).expect("a message of OTLP");
        self.bytes.extend_from_slice(body);
        for of_resource in sent.resource_spans {
            let resource = of_resource.resource.map(|resource| tags(resource.attributes));
            let service = resource.unwrap_or_default().remove("service.name").unwrap_or_default();
            let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans.extend(spans.map(|span| Span::read(span, &service)));
        }
    }
}

fn tags(attributes: Vec<KeyValue>) -> BTreeMap<String, Value> {
    let value = |any: Option<Any>| match any {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(is)) => json!(is),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        other => json!(format!("{other:?}")),
    };
    attributes
        .into_iter()
        .map(|tag| (tag.key, value(tag.value.and_then(|value| value.value))))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Drop for Collector {
    fn drop(&mut self) {
        stop(&mut self.runtime);
    }
}
