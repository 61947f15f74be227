//! Fields that the proxy owns: a filter's edit of them has no effect, or breaks the message.
//!
//! `tests/header_transform/owned.rs` measures each in a real Envoy.

use super::HeaderName;
use crate::config::Node;

/// Which head of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head {
    /// The request's, on its way to the upstream.
    Request,
    /// The response's, on its way to the client.
    Response,
}

/// What a filter does to a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldChange {
    /// It gets a value; where there is none to be had it may go.
    Write,
    /// It goes.
    Remove,
}

impl Head {
    /// Reads the name of a field that a filter changes so in this head. Every filter reads such
    /// names here. One that the proxy owns is a fault, with the reason and the way to do it.
    pub fn field(self, change: FieldChange, node: &Node<'_>) -> Option<HeaderName> {
        let name = match HeaderName::try_from(node.text()?) {
            Ok(name) => name,
            Err(invalid) => return node.fault(invalid.to_string()),
        };
        match self.owner(change, &name) {
            Some(reason) => node.fault(reason),
            None => Some(name),
        }
    }

    /// Why a filter cannot change the field so; `None` where it can.
    pub fn owner(self, change: FieldChange, name: &HeaderName) -> Option<&'static str> {
        if name.is_framing() {
            return Some("belongs to the connection or frames the message: Envoy writes it itself");
        }
        let reason = match (self, change, name.as_str()) {
            (_, _, "host") => {
                "is what Envoy routes by: header-transform changes it by the operation `host`"
            }
            (Self::Request, _, "x-forwarded-proto") => {
                "is what Envoy reads the scheme from, and without it Envoy finds no route (404): \
                 `request_headers_to_remove` of a route takes it away behind that, and \
                 header-transform's `set` takes the values http and https"
            }
            (Self::Request, _, "x-envoy-expected-rq-timeout-ms") => {
                "is written by Envoy's router, after all filters: the router's \
                 `suppress_envoy_headers` leaves it out"
            }
            (Self::Response, _, "server") => {
                "is written by Envoy, after all filters: see `server_name` and \
                 `server_header_transformation` of the connection manager; where that is \
                 PASS_THROUGH, `response_headers_to_remove` of a route takes it away"
            }
            (Self::Response, FieldChange::Remove, "date") => {
                "is written by Envoy, after all filters, where it is not there (RFC 9110 §6.6.1): \
                 it can be set, and not removed"
            }
            _ => return None,
        };
        Some(reason)
    }
}
