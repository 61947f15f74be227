use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_audit::Audit;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter_test::check;
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_response_cache::ResponseCache;
use gatehouse_telemetry::Telemetry;

/// A plugin configuration, as a protobuf `Struct` or as JSON: every filter takes it or says what is
/// wrong with it.
pub fn configuration(data: &[u8]) {
    let Ok(value) = gatehouse_host::configuration::decode(data) else { return };
    let json = value.to_string();
    for check in [
        check::<Aggregate>,
        check::<ApiKeyAuth>,
        check::<Authorization>,
        check::<BodyTransform>,
        check::<HeaderTransform>,
        check::<JwtAuth>,
        check::<RateLimit>,
        check::<ResponseCache>,
        check::<Telemetry>,
        check::<Audit>,
    ] {
        for fault in check(json.as_bytes()) {
            assert!(!fault.to_string().is_empty());
        }
    }
}
