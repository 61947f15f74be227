//! Envoy's rate limit service, `envoy.service.ratelimit.v3.RateLimitService`, counted in Redis.
//!
//! For the end-to-end tests, and where no container of `envoyproxy/ratelimit` can be run: it reads
//! the same configuration and answers the same protocol. Every decision is one script in Redis, so
//! any number of services on one Redis count as one.
#![allow(
    clippy::disallowed_methods,
    reason = "windows are those of the wall clock; no filter links this program"
)]

mod grpc;
mod limits;
mod message;
mod redis;
mod stats;
mod window;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

pub use limits::{Fault, Limits};
pub use redis::Refused;
pub use stats::Stats;

/// What a service needs to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is limited, and to how much.
    pub limits: Limits,
    /// Where the counts are: `redis://127.0.0.1:6379`.
    pub redis: String,
    /// Whether a refused hit is counted.
    pub refused: Refused,
    /// Counts what is asked.
    pub stats: Arc<Stats>,
}

/// Answers on the listener until `shutdown` completes.
///
/// Redis need not be there yet, and may go and come back: meanwhile calls are answered with
/// UNAVAILABLE.
///
/// # Errors
/// When the address of Redis is none, or the listener fails.
pub async fn serve(
    options: Options,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let counts = redis::Counts::new(&options.redis, options.refused)?;
    let service = grpc::Service::new(options.limits, counts, options.stats);
    let app = Router::new()
        .route("/healthz", get(|| async { StatusCode::OK }))
        .route_service(grpc::PATH, service);
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}
