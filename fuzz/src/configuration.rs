/// A plugin configuration, as a protobuf `Struct` or as JSON: every filter takes it or says what is wrong with it.
pub fn configuration(data: &[u8]) {
    let Ok(value) = gatehouse_host::configuration::decode(data) else { return };
    let json = value.to_string();
    for check in [
        gatehouse_api_key_auth::check,
        gatehouse_authorization::check,
        gatehouse_body_transform::check,
        gatehouse_header_transform::check,
        gatehouse_jwt_auth::check,
        gatehouse_rate_limit::check,
    ] {
        for fault in check(json.as_bytes()) {
            assert!(!fault.to_string().is_empty());
        }
    }
}
