use crate::calls::{self, Failed};
use crate::{grpc, signature};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Callouts, Clock, Expression, Expressions, GrpcCall,
    Hash, Meter, NoExpression, NoRandom, NoVerifier, Random, SetError, Signatures, Store, StoreError,
    Timestamp, Version,
};
use proxy_wasm::hostcalls;
use proxy_wasm::types::Status;
use std::time::Duration;

/// Envoy, as one configured filter sees it.
pub(crate) struct Envoy<'a> {
    /// The filter's name.
    pub(crate) filter: &'static str,
    /// The metric ids of the filter's events.
    pub(crate) events: &'a [Option<u32>],
    /// The context of the configuration, where it is a request that the filter is asked about.
    pub(crate) configuration: Option<u32>,
}

impl Meter for Envoy<'_> {
    fn count(&self, event: usize) {
        if let Some(Some(counter)) = self.events.get(event) {
            let _ = calls::increment(*counter);
        }
    }
}

impl Callouts for Envoy<'_> {
    /// Through the SDK, whose dispatcher knows where to bring the answer.
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        let mut headers = vec![
            (":method", callout.method),
            (":path", callout.path.as_str()),
            (":authority", callout.authority.as_str()),
        ];
        headers.extend(callout.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let body = Some(callout.body.as_slice()).filter(|body| !body.is_empty());
        let timeout = within_the_abi(callout.timeout);
        self.call_as_configuration();
        hostcalls::dispatch_http_call(&callout.cluster, headers, body, vec![], timeout).map(CallId).map_err(
            |status| match status {
                Status::BadArgument => CallRefused::BadArgument,
                _ => CallRefused::Failed,
            },
        )
    }

    fn warn(&self, line: &str) {
        log::warn!("{}: {line}", self.filter);
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        let service = grpc::service(call.cluster).ok_or(CallRefused::BadArgument)?;
        let metadata = call.metadata.to_vec();
        let timeout = within_the_abi(call.timeout);
        self.call_as_configuration();
        let message = Some(call.message);
        hostcalls::dispatch_grpc_call(&service, call.service, call.method, metadata, message, timeout)
            .map(CallId)
            .map_err(|_| CallRefused::Failed)
    }
}

impl Envoy<'_> {
    /// A call is the configuration's, whoever makes it: the request may end before its answer comes.
    fn call_as_configuration(&self) {
        if let Some(configuration) = self.configuration {
            calls::enter(configuration);
        }
    }
}

/// 0 is no timeout, and the SDK cuts what does not fit into 32 bits.
fn within_the_abi(timeout: Duration) -> Duration {
    timeout.clamp(Duration::from_millis(1), Duration::from_secs(3600))
}

impl Clock for Envoy<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(calls::current_time())
    }
}

impl Attributes for Envoy<'_> {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        calls::property(match attribute {
            Attribute::SourceAddress => b"source\0address",
            Attribute::RouteName => b"xds\0route_name",
            Attribute::RoutePolicy => b"xds\0route_metadata\0filter_metadata\0gatehouse\0policy",
            Attribute::FilterState(name) => name.as_bytes(),
        })
    }
}

impl Store for Envoy<'_> {
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

impl Random for Envoy<'_> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        calls::random(bytes).map_err(|_| NoRandom)
    }
}

impl Expressions for Envoy<'_> {
    fn compile(&self, text: &str) -> Result<Expression, NoExpression> {
        let token = calls::call_foreign_function("expr_create", text.as_bytes()).map_err(|_| NoExpression)?;
        let token = token.try_into().map_err(|_| NoExpression)?;
        Ok(Expression(u32::from_le_bytes(token)))
    }

    /// A boolean comes as one byte; everything else comes as something else.
    fn evaluate(&self, expression: Expression) -> Option<bool> {
        let value = calls::call_foreign_function("expr_evaluate", &expression.0.to_le_bytes()).ok()?;
        match value.as_slice() {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Signatures for Envoy<'_> {
    /// BoringSSL, natively: 25 µs for RSA-2048, where wasm takes over a millisecond.
    fn verify(&self, hash: Hash, spki: &[u8], signature: &[u8], text: &[u8]) -> Result<bool, NoVerifier> {
        let arguments = signature::arguments(hash, spki, signature, text);
        let result = calls::call_foreign_function("verify_signature", &arguments).map_err(|_| NoVerifier)?;
        Ok(signature::is_verified(&result))
    }
}
