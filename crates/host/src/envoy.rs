use crate::calls::{self, Failed};
use crate::signature;
use gatehouse_filter::{
    Attribute, Attributes, Clock, Hash, NoRandom, NoVerifier, Random, SetError, Signatures, Store,
    StoreError, Timestamp, Version,
};

/// Envoy, as a filter sees it.
pub(crate) struct Envoy;

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
            Attribute::FilterState(name) => name.as_bytes(),
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

impl Signatures for Envoy {
    /// BoringSSL, natively: 25 µs for RSA-2048, where wasm takes over a millisecond.
    fn verify(&self, hash: Hash, spki: &[u8], signature: &[u8], text: &[u8]) -> Result<bool, NoVerifier> {
        let arguments = signature::arguments(hash, spki, signature, text);
        let result = calls::call_foreign_function("verify_signature", &arguments).map_err(|_| NoVerifier)?;
        Ok(signature::is_verified(&result))
    }
}
