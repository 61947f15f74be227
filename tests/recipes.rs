//! `envoy/recipes/` and `envoy/short.yaml`: each is started, and asked what it says that it answers.
//! Who stands in for a service that is not the demo's speaks plain HTTP.

/// Envoy's filters that look at bodies, or decide, with ours around them.
mod around;
/// What bounds requests: sizes and networks.
mod bounds;
/// What browsers need: origins, cookies, pages, WebSockets.
mod browsers;
/// Tokens as the identity providers of the world issue them.
mod identity_providers;
/// The list of recipes, and how short the short example is.
mod listed;
/// A login in a browser, from the first page to the end of the session.
mod login;
/// A route's policy, which all filters read.
mod policies;
/// Services that need a route of their own: gRPC, language models, two releases.
mod services;

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::token::{self, bearer, claims, with};

/// The recipe, in front of services that speak plain HTTP.
fn recipe(name: &str) -> Builder {
    Gateway::builder(format!("envoy/recipes/{name}.yaml")).edit(|tree| {
        let clusters = tree.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
        for cluster in clusters.into_iter().flatten().filter_map(Value::as_object_mut) {
            cluster.remove("transport_socket");
        }
    })
}

/// The value of `authorization` with the demo's token for this user, with these changes.
fn of(user: &str, changes: Value) -> String {
    bearer(&token::demo(&with(claims(user), changes)))
}

/// The same for one who is an admin.
fn of_admin(user: &str) -> String {
    of(user, json!({"roles": ["admin"]}))
}

/// A request with these fields.
fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request {
    let start = Request::new(method, path);
    fields.iter().fold(start, |request, (name, value)| request.header(name, value))
}

/// Fails unless the answer has this status, and this code where it is a refusal of ours.
#[track_caller]
fn assert_told(case: &str, response: &Response, status: u16, code: &str) {
    let text = response.text();
    assert_eq!(response.status, status, "{case}: {text}");
    if !code.is_empty() {
        assert_eq!(response.json()["code"], code, "{case}: {text}");
    }
}
