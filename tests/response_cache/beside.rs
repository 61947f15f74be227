//! More listeners of one gateway.

use std::net::SocketAddr;

use gatehouse_sandbox::Builder;
use gatehouse_sandbox::raw::{self, Request, Response};
use serde_json::{Value, json};

use super::Shared;
use crate::harness::configuration;
use crate::harness::upstream::Upstream;

/// A listener beside the first one of [`Shared`]: in the same Envoy and module, where starting
/// another Envoy would take seconds, with another configuration of the cache and an upstream of its
/// own.
pub(super) struct Beside {
    name: &'static str,
    pub(super) upstream: Upstream,
}

impl Beside {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, upstream: Upstream::start() }
    }

    /// Adds it to a gateway, with this change to the configuration of the cache.
    pub(super) fn add(
        &self,
        builder: Builder,
        change: impl FnOnce(&mut Value) + 'static,
    ) -> Builder {
        let (name, upstream) = (self.name, self.upstream.address());
        let place = upstream.to_string();
        builder.upstream(&place, upstream).edit(move |tree| {
            let resources = &mut tree["static_resources"];
            let mut listener = resources["listeners"][0].clone();
            listener["name"] = json!(name);
            listener["address"]["socket_address"]["port_value"] = json!(0);
            change(configuration::shipped(&mut listener, "response-cache"));
            let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
            manager["route_config"]["virtual_hosts"][0]["routes"] =
                json!([{"match": {"prefix": "/"}, "route": {"cluster": name}}]);
            let clusters = resources["clusters"].as_array_mut().expect("clusters");
            let endpoint = json!({"address": {"socket_address":
                {"address": upstream.ip().to_string(), "port_value": upstream.port()}}});
            clusters.push(json!({"name": name, "type": "STATIC", "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}}));
            resources["listeners"].as_array_mut().expect("listeners").push(listener);
        })
    }

    pub(super) fn address(&self, shared: &Shared) -> SocketAddr {
        shared.gateway.listener(self.name).expect("it has this listener")
    }

    pub(super) fn try_request(
        &self,
        shared: &Shared,
        request: &Request,
    ) -> Result<Response, raw::Error> {
        raw::send(self.address(shared), request)
    }

    #[track_caller]
    pub(super) fn request(&self, shared: &Shared, request: &Request) -> Response {
        self.try_request(shared, request).unwrap_or_else(|fault| panic!("{fault}"))
    }
}
