//! The method `ShouldRateLimit`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use tonic::codegen::{BoxFuture, Service as Tower, http};
use tonic::server::{Grpc, UnaryService};
use tonic_prost::ProstCodec;

use crate::limits::{Limit, Limits};
use crate::message::{Code, CurrentLimit, Descriptor, Duration, Request, Response, Status};
use crate::redis::{Counts, Hit};
use crate::stats::Stats;
use crate::window::Window;

/// Where the method is.
pub(crate) const PATH: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/// The service. Clones share everything.
#[derive(Clone)]
pub(crate) struct Service {
    limits: Arc<Limits>,
    counts: Counts,
    stats: Arc<Stats>,
}

impl Service {
    pub(crate) fn new(limits: Limits, counts: Counts, stats: Arc<Stats>) -> Self {
        Self { limits: Arc::new(limits), counts, stats }
    }

    async fn should_rate_limit(self, request: Request) -> Result<Response, tonic::Status> {
        self.stats.called();
        let found =
            |descriptor: &Descriptor| self.limits.find(&request.domain, &descriptor.entries);
        let found: Vec<Option<Limit>> = request.descriptors.iter().map(found).collect();
        let limited = request.descriptors.iter().zip(&found);
        let hits: Vec<Hit> = limited
            .filter_map(|(descriptor, limit)| limit.map(|limit| hit(&request, descriptor, limit)))
            .collect();
        if hits.is_empty() {
            return Ok(Response {
                overall_code: Code::Ok.into(),
                statuses: vec![free(); found.len()],
            });
        }
        let counted = self.counts.count(&hits).await.map_err(|error| {
            self.stats.failed();
            tonic::Status::unavailable(format!("Redis: {error}"))
        })?;
        if counted.passed {
            self.stats.passed(hits.iter().map(|hit| hit.hits).max().unwrap_or_default());
        }
        let mut counts = hits.iter().zip(&counted.used);
        let status = |limit: &Option<Limit>| {
            let (Some(limit), Some((hit, used))) = (limit, limit.and_then(|_| counts.next()))
            else {
                return free();
            };
            let over = !counted.passed
                && used.saturating_add(hit.hits) > u64::from(limit.requests_per_unit);
            told(*limit, *used, if over { Code::OverLimit } else { Code::Ok })
        };
        let statuses = found.iter().map(status).collect();
        let overall_code = if counted.passed { Code::Ok } else { Code::OverLimit };
        Ok(Response { overall_code: overall_code.into(), statuses })
    }
}

/// The hits of a descriptor, on the count of its window.
fn hit(request: &Request, descriptor: &Descriptor, limit: Limit) -> Hit {
    let window = Window::now(limit.unit);
    let hits = descriptor.hits_addend.unwrap_or(request.hits_addend.max(1).into());
    let mut key = request.domain.clone();
    for entry in &descriptor.entries {
        // With lengths: no two descriptors are the same text.
        key.push_str(&format!(
            "|{}:{}={}:{}",
            entry.key.len(),
            entry.key,
            entry.value.len(),
            entry.value
        ));
    }
    key.push_str(&format!("|{}x{}", limit.unit.seconds(), window.number));
    // Two windows: the clocks of two services are not quite the same.
    let keep = window.left.saturating_add(std::time::Duration::from_secs(limit.unit.seconds()));
    Hit { key, hits, limit: limit.requests_per_unit, keep }
}

/// What is said of a descriptor that has no limit.
fn free() -> Status {
    Status { code: Code::Ok.into(), ..Status::default() }
}

fn told(limit: Limit, used: u64, code: Code) -> Status {
    let left = Window::now(limit.unit).left;
    let remaining = u64::from(limit.requests_per_unit).saturating_sub(used);
    Status {
        code: code.into(),
        current_limit: Some(CurrentLimit {
            requests_per_unit: limit.requests_per_unit,
            unit: limit.unit.message().into(),
        }),
        limit_remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        duration_until_reset: Some(Duration {
            seconds: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(left.subsec_nanos()).unwrap_or_default(),
        }),
    }
}

impl UnaryService<Request> for Service {
    type Response = Response;
    type Future = BoxFuture<tonic::Response<Response>, tonic::Status>;

    fn call(&mut self, request: tonic::Request<Request>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            service.should_rate_limit(request.into_inner()).await.map(tonic::Response::new)
        })
    }
}

impl Tower<http::Request<Body>> for Service {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Response, Request>::default());
            Ok(grpc.unary(service, request).await)
        })
    }
}
