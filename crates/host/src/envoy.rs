//! Envoy, as a chain sees it.

use crate::calls::{self, BodyBuffer, Failed, HeaderMap};
use crate::{grpc, signature};
use gatehouse_chain::{Direction, LocalReply, MetricKind, Proxy, Refused};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Clock, Edit, EditKind, Expression,
    Expressions, GrpcCall, Hash, HeaderName, Headers, NoExpression, NoRandom, NoVerifier, PeerName,
    Queue, Random, SetError, Signatures, Store, StoreError, Timestamp, Topic, Version,
};
use std::time::Duration;

/// The Envoy that this module runs in.
pub(crate) struct Envoy;

impl Proxy for Envoy {
    fn head(&self, of: Direction) -> Headers {
        Headers::lazy(match of {
            Direction::Request => || calls::header_map(HeaderMap::Request).ok(),
            Direction::Response => || calls::header_map(HeaderMap::Response).ok(),
        })
    }

    fn edit(&self, of: Direction, edit: &Edit, received: Option<usize>) -> Result<(), Refused> {
        let (map, name) = (map(of), edit.name.as_str());
        let edited = match &edit.kind {
            EditKind::Append(value) => calls::add_header(map, name, value.as_bytes()),
            EditKind::Remove => calls::remove_header(map, name),
            // Replacing changes the first of several values only.
            EditKind::Set(value) => match received {
                Some(0 | 1) => calls::replace_header(map, name, value.as_bytes()),
                _ => calls::remove_header(map, name)
                    .and_then(|()| calls::add_header(map, name, value.as_bytes())),
            },
        };
        edited.map_err(refused)
    }

    fn request_trailers(&self) -> Headers {
        Headers::lazy(|| calls::header_map(HeaderMap::RequestTrailers).ok())
    }

    fn remove_request_trailer(&self, name: &HeaderName) -> Result<(), Refused> {
        calls::remove_header(HeaderMap::RequestTrailers, name.as_str()).map_err(refused)
    }

    fn body(&self, of: Direction, max_bytes: usize) -> Result<Vec<u8>, Refused> {
        calls::body(buffer(of), max_bytes).map_err(refused)
    }

    fn replace_body(&self, of: Direction, length: usize, bytes: &[u8]) -> Result<(), Refused> {
        calls::replace_body(buffer(of), length, bytes).map_err(refused)
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), Refused> {
        // -1 is no gRPC status: Envoy derives one for gRPC clients.
        let grpc = reply.grpc.map_or(-1, |status| status as i32);
        calls::send_local_response(reply.status, reply.details, &reply.body, &reply.headers, grpc)
            .map_err(refused)
    }

    fn resume_request(&self) -> Result<(), Refused> {
        calls::continue_request().map_err(refused)
    }

    fn set_state(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        calls::set_property(name.as_bytes(), value).map_err(refused)
    }

    fn focus(&self, context: u32) -> Result<(), Refused> {
        calls::set_effective_context(context).map_err(refused)
    }

    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        let mut fields: Vec<(&str, &[u8])> = vec![
            (":method", callout.method.as_bytes()),
            (":path", callout.path.as_bytes()),
            (":authority", callout.authority.as_bytes()),
        ];
        fields
            .extend(callout.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let headers = Headers::to_pairs(&fields);
        match calls::http_call(
            &callout.cluster,
            &headers,
            &callout.body,
            milliseconds(callout.timeout),
        ) {
            Ok(token) => Ok(CallId(token)),
            Err(Failed::BAD_ARGUMENT) => Err(CallRefused::BadArgument),
            Err(_) => Err(CallRefused::Failed),
        }
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        let upstream = grpc::service(call.cluster).ok_or(CallRefused::BadArgument)?;
        let metadata = Headers::to_pairs(call.metadata);
        let timeout = milliseconds(call.timeout);
        calls::grpc_call(&upstream, call.service, call.method, &metadata, call.message, timeout)
            .map(CallId)
            .map_err(|_| CallRefused::Failed)
    }

    fn refuses(&self, capability: &str) -> bool {
        calls::is_refused(capability)
    }

    fn set_timer(&self, period: Duration) -> Result<(), Refused> {
        calls::set_tick_period(milliseconds(period)).map_err(refused)
    }

    fn open_queue(&self) -> Result<Queue, Refused> {
        // Names are the process's: one that another VM has would be its queue, too.
        let mut name = [0; 16];
        calls::random(&mut name).map_err(refused)?;
        calls::register_queue(&name).map(Queue).map_err(refused)
    }

    fn wake(&self, queue: Queue, topic: Topic) {
        // The VM is no more: nobody waits there.
        let _ = calls::enqueue(queue.0, &topic.0.to_le_bytes());
    }

    fn next_topic(&self, queue: Queue) -> Option<Topic> {
        let message = calls::dequeue(queue.0)?;
        Some(Topic(u64::from_le_bytes(message.try_into().ok()?)))
    }

    fn define(&self, kind: MetricKind, name: &str) -> Option<u32> {
        calls::define_metric(kind, name).ok()
    }

    fn add(&self, metric: u32, by: u64) {
        // A counter that was defined can be added to.
        let _ = calls::increment(metric, by);
    }

    fn record(&self, metric: u32, value: u64) {
        let _ = calls::record(metric, value);
    }

    fn error(&self, line: &str) {
        log::error!("{line}");
    }

    fn warn(&self, line: &str) {
        log::warn!("{line}");
    }

    fn info(&self, line: &str) {
        log::info!("{line}");
    }

    fn debug(&self, line: &dyn Fn() -> String) {
        if log::log_enabled!(log::Level::Debug) {
            log::debug!("{}", line());
        }
    }
}

fn refused(failed: Failed) -> Refused {
    Refused(failed.0)
}

fn map(of: Direction) -> HeaderMap {
    match of {
        Direction::Request => HeaderMap::Request,
        Direction::Response => HeaderMap::Response,
    }
}

fn buffer(of: Direction) -> BodyBuffer {
    match of {
        Direction::Request => BodyBuffer::Request,
        Direction::Response => BodyBuffer::Response,
    }
}

/// As the ABI has it. 0 would be no timeout, and no timer.
fn milliseconds(time: Duration) -> u32 {
    let time = time.clamp(Duration::from_millis(1), Duration::from_secs(3600));
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

impl Clock for Envoy {
    fn now(&self) -> Timestamp {
        Timestamp(calls::current_time())
    }
}

impl Attributes for Envoy {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        calls::property(match attribute {
            Attribute::SourceAddress => b"source\0address",
            Attribute::RouteName => b"xds\0route_name",
            Attribute::RoutePolicy => b"xds\0route_metadata\0filter_metadata\0gatehouse\0policy",
            Attribute::Method => b"request\0method",
            Attribute::PeerCertificate => b"connection\0sha256_peer_certificate_digest",
            Attribute::PeerIsVerified => b"connection\0peer_certificate_valid",
            Attribute::PeerName(PeerName::Uri) => b"connection\0uri_san_peer_certificate",
            Attribute::PeerName(PeerName::Dns) => b"connection\0dns_san_peer_certificate",
            Attribute::PeerName(PeerName::Subject) => b"connection\0subject_peer_certificate",
            Attribute::FilterState(name) => name.as_bytes(),
            Attribute::ResponseCode => b"response\0code",
            Attribute::RequestBytes => b"request\0total_size",
            Attribute::ResponseBytes => b"response\0size",
            Attribute::CodeDetails => b"response\0code_details",
        })
    }
}

impl Store for Envoy {
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let stored = calls::shared_data(key).map_err(|_| StoreError)?;
        Ok(stored.map(|(value, version)| (value, Version(version))))
    }

    fn set(&self, key: &[u8], value: &[u8], version: Option<Version>) -> Result<(), SetError> {
        // Versions of stored values are never 0, which asks for an unconditional write.
        let version = version.map_or(0, |version| version.0);
        calls::set_shared_data(key, value, version).map_err(|failed| match failed {
            Failed::CAS_MISMATCH => SetError::Conflict,
            _ => SetError::Failed,
        })
    }
}

impl Random for Envoy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        calls::random(bytes).map_err(|_| NoRandom)
    }
}

impl Expressions for Envoy {
    fn compile(&self, text: &str) -> Result<Expression, NoExpression> {
        let token = calls::call_foreign_function("expr_create", text.as_bytes())
            .map_err(|_| NoExpression)?;
        let token = token.try_into().map_err(|_| NoExpression)?;
        Ok(Expression(u32::from_le_bytes(token)))
    }

    /// A boolean comes as one byte; everything else comes as something else.
    fn evaluate(&self, expression: Expression) -> Option<bool> {
        let value =
            calls::call_foreign_function("expr_evaluate", &expression.0.to_le_bytes()).ok()?;
        match value.as_slice() {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Signatures for Envoy {
    /// BoringSSL, natively: 25 µs for RSA-2048, where wasm takes over a millisecond.
    fn verify(
        &self,
        hash: Hash,
        spki: &[u8],
        signature: &[u8],
        text: &[u8],
    ) -> Result<bool, NoVerifier> {
        let arguments = signature::arguments(hash, spki, signature, text);
        let result =
            calls::call_foreign_function("verify_signature", &arguments).map_err(|_| NoVerifier)?;
        Ok(signature::is_verified(&result))
    }
}
