//! The upstream of a gRPC call, in the form that Envoy takes without guessing.

use gatehouse_filter::GrpcCall;

/// `envoy.config.core.v3.GrpcService { EnvoyGrpc envoy_grpc = 1 { string cluster_name = 1; } }`.
///
/// Envoy tries to read whatever it is given as this message before it takes it for the name of a
/// cluster, and some names are messages of another meaning. `None` for a name that is empty or
/// longer than one byte of length can say: the message travels as text, and a longer length is no
/// UTF-8.
pub fn service(cluster: &str) -> Option<String> {
    let length = cluster.len();
    if length == 0 || length > GrpcCall::MOST_OF_A_NAME {
        return None;
    }
    let inner = u8::try_from(length).ok()?;
    let outer = inner.checked_add(2)?;
    Some(format!("\x0a{}\x0a{}{cluster}", char::from(outer), char::from(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_in_a_message_and_never_bare() {
        assert_eq!(service("rls").as_deref(), Some("\x0a\x05\x0a\x03rls"));
        // Bare, this one is a message: field 12 with four bytes.
        assert_eq!(service("empty").as_deref(), Some("\x0a\x07\x0a\x05empty"));
        let longest = "c".repeat(GrpcCall::MOST_OF_A_NAME);
        let message = service(&longest).unwrap();
        assert_eq!(message.as_bytes()[..4], [0x0a, 122, 0x0a, 120]);
        assert_eq!(service(&format!("{longest}c")), None);
        assert_eq!(service(""), None);
    }
}
