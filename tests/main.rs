//! End-to-end tests: a real Envoy on the shipped configs under `envoy/`, with only ports, addresses
//! and the places of the modules replaced. `cargo xtask build` must have made the modules (`cargo
//! xtask test` does it).
//!
//! What one filter decides is tested natively in its own crate. Here is what only a real Envoy can
//! show: that the filter loads, what the client and the upstream really get, and that nothing a
//! client sends traps it.
//!
//! `GATEHOUSE_PACKAGING=gateway` puts the filters of every case into one module, `gateway.wasm`. A
//! case holds in both packagings; one that is about one of them says so with `Builder::packaging`.
#![cfg(test)]
#![allow(
    clippy::disallowed_methods,
    reason = "how many requests a limit lets pass depends on how long the test took"
)]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")]

/// The gateway as a whole, `envoy/envoy.yaml`: routes, replicas, retries, protocols, logs and
/// metrics, and the filters working together.
mod gateway;

/// `jwt-auth` on `envoy/jwt-auth.yaml`: every refusal, every algorithm, who the upstream is told
/// that it is.
mod jwt_auth;

/// `api-key-auth` on `envoy/api-key-auth.yaml`: every place of a key, every refusal, what reaches
/// the upstream.
mod api_key_auth;

/// `api-key-auth` on connections with client certificates.
mod api_key_certificate;

/// `api-key-auth` with keys in credentials of HTTP's scheme `Basic`.
mod api_key_basic;

/// `aggregate` on `envoy/aggregate.yaml`: the dashboard, services that fail in every way, crowds.
mod aggregate;

/// `jwt-auth` on `envoy/jwt-auth-remote.yaml`: keys that are fetched, and providers that fail.
mod jwt_auth_remote;

/// `jwt-auth` with keys elsewhere and in other forms.
mod jwt_keys;

/// `jwt-auth` with keys that an issuer's own document leads to (OpenID Connect Discovery).
mod jwt_oidc;

/// `jwt-auth` with a list of what was revoked.
mod jwt_revocation;

/// `jwt-auth` with a table that says whose tokens are, alone and shared with `api-key-auth`.
mod jwt_consumers;

/// `jwt-auth` with tokens that are bound to a client's certificate (RFC 8705).
mod jwt_certificate;

/// `jwt-auth` with tokens that come with proofs (DPoP, RFC 9449), and who attacks them.
mod jwt_dpop;

/// `jwt-auth` with tokens that their issuer is asked about (RFC 7662).
mod jwt_introspection;
/// A server of the Model Context Protocol behind `envoy/mcp.yaml`, a protected resource that says
/// who issues its tokens (RFC 9728).
mod mcp;

/// `envoy/recipes/`: identity providers, Envoy's own filters beside ours, policies; and
/// `envoy/short.yaml`.
mod recipes;

/// Rotating the keys of `jwt-auth` under load, without one wrong answer.
mod identity_rotation;

/// `jwt-auth` while the identity provider is down, slow, or answers nonsense.
mod identity_outage;

/// `jwt-auth` with two issuers that fetch from two providers, and the storm of made-up key names.
mod identity_issuers;

/// Every code in the READMEs of the identity filters, seen over HTTP.
mod identity_codes;

/// More than nine hundred tokens, most of them not quite right, against `jwt-auth` and against
/// Envoy's own `jwt_authn`.
mod identity_tokens;

/// `authorization` on `envoy/authorization.yaml`: who may do what, behind jwt-auth, and paths in
/// disguise.
mod authorization;

/// The demo gateway on every version of Envoy that the modules are tested on.
mod versions;

/// What a client that speaks gRPC-Web is told by every filter that refuses.
mod grpc_web;

/// Trailers of requests: what filters take out of heads does not come after the body.
mod trailers;

/// Clients that have no address.
mod unix_socket;

/// Paths that upstreams read otherwise than the rules, where Envoy does not normalise them.
mod ambiguous_paths;

/// The conditions of rules that every filter has: paths, parameters, networks, identities, and what
/// a rule is not for.
mod matching;

/// `response-cache` on `envoy/response-cache.yaml`: what RFC 9111 and its kin say, and what a gateway
/// needs beside.
mod response_cache;

/// `audit` on `envoy/audit.yaml`: what was decided, in the access log and in the log.
mod audit;

/// Secrets of requests, which are told nowhere.
mod redaction;

/// Secrets that configurations refer to, in the environment of the VM.
mod secrets;

/// `telemetry` on `envoy/telemetry.yaml`: what is counted of requests, exactly and within bounds.
mod telemetry;

/// `envoy/tracing.yaml`: the spans that a collector gets of requests, decisions and calls.
mod tracing;

/// `rate-limit` on `envoy/rate-limit.yaml`: exact counts, keys, what the client is told.
mod rate_limit;

/// `rate-limit` on `envoy/rate-limit-global.yaml`: several gateways that count together, and
/// services that fail.
mod rate_limit_distributed;

/// Own words for refusals, in the demo gateway.
mod refusals;

/// `header-transform` on `envoy/header-transform.yaml`: what arrives at the upstream and at the
/// client.
mod header_transform;

/// `body-transform` on `envoy/body-transform.yaml`: what bodies arrive as, and every way in which
/// they come.
mod body_transform;

/// Requests that a filter holds: whatever body follows the head, none slips to the upstream, and
/// none is lost.
mod hold;

/// What the tool writes: `gatehouse init` and `gatehouse chain`.
mod tool;

/// Configurations that must not start, and that `cargo xtask check` says the same of them.
mod configuration;

/// `check` beside Envoy: what the one says of a configuration, the other does.
mod check_beside_envoy;

/// `monitoring/`, beside a real Prometheus: scraping, rules, alerts, the dashboard; and the table of
/// all metrics.
mod monitoring;

/// The console beside the demo gateway, and its page in a real browser.
mod console;

/// `gateway.wasm`, all filters in one module: its list of filters, and what only a list can say.
mod gateway_module;

/// The images of `cargo xtask package`, through a registry.
mod images;

/// Filters by ECDS, as Istio sends them: updates and removals under load, two listeners, what
/// plugins share.
mod ecds;

/// The Helm chart in a real Envoy: what it guards, changes without a restart, its drain.
mod deploy;

/// Files of Kong's and KrakenD's that are imported, and gateways that answer as theirs do.
mod import;

/// Proof that a trap fails a test: the check that every other case ends with, on a filter that does
/// trap.
mod traps;

/// What cases are lent: Envoys that others have used before.
mod lease;

/// What the cases are written in. Not for cases, and not for anything that one file alone needs.
mod harness;

/// `docs/operating.md`, done under load: partners, keys and limits that change.
mod operating;

/// The first page and the walk through the demo, typed as they stand.
mod walk;
