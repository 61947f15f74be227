//! One service behind a listener: what all of them have in common.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::problem::Problem;
use crate::{Service, auth, echo, orders, products, recommendations, users};

/// The routes of `service`, each response naming `instance` in `x-served-by`.
///
/// Characters of `instance` that cannot stand in a header are escaped as in a Rust string.
pub fn router(service: Service, instance: &str) -> Router {
    let routes = match service {
        Service::Auth => auth::routes(),
        Service::Users => users::routes(),
        Service::Orders => orders::routes(),
        Service::Products => products::routes(),
        Service::Recommendations => recommendations::routes(),
        Service::Echo => Router::new(),
    };
    let health = move || async move { Json(Health::of(service)) };
    let routes = match service {
        // Whatever else is asked of this path is echoed as well.
        Service::Echo => {
            routes.route("/healthz", any(echo::answer).get(health)).fallback(echo::answer)
        }
        _ => routes
            .route("/healthz", get(health))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed),
    };
    let instance = instance.escape_default().to_string();
    let instance =
        HeaderValue::try_from(instance).unwrap_or(HeaderValue::from_static(service.name()));
    routes.layer(map_response(move |mut response: Response| {
        response.headers_mut().insert(SERVED_BY, instance.clone());
        std::future::ready(response)
    }))
}

/// Serves `service` on `listener`, HTTP/1.1 and HTTP/2 with prior knowledge, until `shutdown`
/// completes.
///
/// Then no connection is accepted any more, idle ones are closed, and a request in flight has
/// half a second to finish before this returns.
///
/// # Errors
///
/// Only what `axum::serve` reports; failed accepts are retried there.
pub async fn serve(
    service: Service,
    instance: &str,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, tell) = oneshot::channel();
    let stop = async move {
        shutdown.await;
        // The other side is gone only when the server has ended by itself.
        let _ = told.send(());
    };
    let serving = axum::serve(listener, router(service, instance)).with_graceful_shutdown(stop);
    tokio::select! {
        ended = async { serving.await } => ended,
        () = grace(tell) => Ok(()),
    }
}

/// Completes [`GRACE`] after the shutdown was told: one stuck client must not keep a container from
/// stopping.
async fn grace(tell: oneshot::Receiver<()>) {
    match tell.await {
        Ok(()) => tokio::time::sleep(GRACE).await,
        Err(_) => std::future::pending().await,
    }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
}

impl Health {
    fn of(service: Service) -> Self {
        Self { status: "ok", service: service.name() }
    }
}

async fn not_found() -> Problem {
    Problem::not_found("this service has nothing at this path")
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "demo.method_not_allowed",
        "the path exists, but not for this method: see the `allow` header",
    )
}

const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
const GRACE: Duration = Duration::from_millis(500);
