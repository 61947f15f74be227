//! Serving the page and its documents, to people on this machine.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::page::ASSETS;
use crate::watch::Watch;
use crate::{AccessLog, clock, documents, follow, guard};

/// A console that is about to be served.
#[derive(Debug)]
pub struct Console {
    admin: String,
    log: AccessLog,
    /// Where the log's lines come from, in a word.
    source: &'static str,
    follows: Option<PathBuf>,
    names: Vec<String>,
}

impl Console {
    /// A console of the gateway with this admin interface, `host:port`, whose access log is handed
    /// on line by line.
    pub fn new(admin: impl Into<String>, log: AccessLog) -> Self {
        Self { admin: admin.into(), log, source: "lines", follows: None, names: Vec::new() }
    }

    /// A console without an access log: what only that can tell is not shown.
    pub fn without_log(admin: impl Into<String>) -> Self {
        Self { source: "none", ..Self::new(admin, AccessLog::default()) }
    }

    /// The access log is this file, which may be rotated and may not be there yet.
    #[must_use]
    pub fn follow(self, file: impl Into<PathBuf>) -> Self {
        Self { source: "file", follows: Some(file.into()), ..self }
    }

    /// The console is also called by this name, beside loopback addresses and `localhost`.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Watches the gateway and serves the page until `shutdown` completes, and half a second longer
    /// where a request is under way.
    ///
    /// # Errors
    /// Only what `axum::serve` reports; failed accepts are retried there.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let watch = Watch::default();
        let admin = Admin { authority: self.admin.clone() };
        let mut tasks = vec![tokio::spawn(watch.clone().run(admin))];
        if let Some(file) = self.follows.clone() {
            tasks.push(tokio::spawn(follow::follow(file, self.log.clone())));
        }
        let (told, tell) = oneshot::channel();
        let stop = async move {
            shutdown.await;
            let _ = told.send(());
        };
        let serving = axum::serve(listener, self.router(watch)).with_graceful_shutdown(stop);
        let ended = tokio::select! {
            ended = async { serving.await } => ended,
            () = grace(tell) => Ok(()),
        };
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        ended
    }

    fn router(self, watch: Watch) -> Router {
        let shown =
            Arc::new(Shown { watch, log: self.log, source: self.source, names: self.names });
        let mut router = Router::new()
            .route("/api/live", get(live))
            .route("/api/setup", get(setup))
            .route("/healthz", get(async || plain(StatusCode::OK, "ok")));
        for asset in &ASSETS {
            let answer = async || ([(CONTENT_TYPE, asset.media_type)], asset.text);
            router = router.route(asset.path, get(answer));
        }
        router
            .fallback(async || plain(StatusCode::NOT_FOUND, "nothing is here"))
            .layer(middleware::from_fn_with_state(Arc::clone(&shown), guarded))
            .with_state(shown)
    }
}

/// What is shown, and to whom.
struct Shown {
    watch: Watch,
    log: AccessLog,
    source: &'static str,
    names: Vec<String>,
}

async fn live(State(shown): State<Arc<Shown>>) -> Response {
    let document =
        documents::live(&shown.watch.watched(), &shown.log.traffic(), shown.source, clock::now());
    json(&document)
}

async fn setup(State(shown): State<Arc<Shown>>) -> Response {
    let document = documents::setup(&shown.watch.watched());
    json(&document)
}

/// Judges the request before anything is done, and says to every browser what the answer is not
/// for.
async fn guarded(State(shown): State<Arc<Shown>>, request: Request, next: Next) -> Response {
    let judged = guard::judge(request.method(), request.uri(), request.headers(), &shown.names);
    let mut response = match judged {
        Ok(()) => next.run(request).await,
        Err((status, why)) => plain(status, why),
    };
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    restrict(headers);
    response
}

fn restrict(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn json(document: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

async fn grace(tell: oneshot::Receiver<()>) {
    match tell.await {
        Ok(()) => tokio::time::sleep(GRACE).await,
        Err(_) => std::future::pending().await,
    }
}

const GRACE: Duration = Duration::from_millis(500);
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Method;
    use tower::ServiceExt as _;

    async fn ask(method: Method, path: &str, host: &str) -> (Response, String) {
        let console = Console::new("127.0.0.1:1", AccessLog::default());
        let log = console.log.clone();
        log.line(
            r#"{
                "status":403,"details":"x.y","path":"/<img src=x onerror=alert(1)>",
                "user_agent":"<img onerror>"
            }"#,
        );
        let request = Request::builder().method(method).uri(path).header("host", host);
        let response =
            console.router(Watch::default()).oneshot(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = response.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (Response::from_parts(parts, Body::empty()), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_answer_is_restricted_and_none_is_for_other_origins() {
        for (method, path, host, want) in [
            (Method::GET, "/", "localhost", 200),
            (Method::HEAD, "/", "localhost", 200),
            (Method::GET, "/console.js", "localhost", 200),
            (Method::GET, "/elements.js", "localhost", 200),
            (Method::GET, "/api/live", "localhost", 200),
            (Method::GET, "/api/setup", "127.0.0.1:9902", 200),
            (Method::GET, "/healthz", "localhost", 200),
            (Method::GET, "/nothing", "localhost", 404),
            (Method::POST, "/api/live", "localhost", 405),
            (Method::OPTIONS, "/api/live", "localhost", 405),
            (Method::GET, "/api/live", "evil.example", 421),
        ] {
            let (response, body) = ask(method.clone(), path, host).await;
            let headers = response.headers();
            let case = format!("{method} {path} {host}");
            assert_eq!(response.status().as_u16(), want, "{case}");
            assert_eq!(headers[CACHE_CONTROL], "no-store", "{case}");
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff", "{case}");
            assert!(
                headers[CONTENT_SECURITY_POLICY]
                    .to_str()
                    .unwrap()
                    .starts_with("default-src 'none'"),
                "{case}"
            );
            assert!(
                !headers.keys().any(|name| name.as_str().starts_with("access-control")),
                "{case}"
            );
            assert_eq!(
                want == 405,
                headers.get(ALLOW).is_some_and(|allow| allow == "GET, HEAD"),
                "{case}"
            );
            assert!(!body.contains("alert") || (path == "/api/live" && want == 200), "{case}");
        }
    }

    #[tokio::test]
    async fn what_clients_send_is_json_and_nothing_that_a_browser_takes_for_a_page() {
        let (response, body) = ask(Method::GET, "/api/live", "localhost").await;
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        let live: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(live["refusals"][0]["path"], "/<img src=x onerror=alert(1)>");
        assert_eq!(live["gateway"]["answers"], false);
    }

    /// An admin interface that answers each question with these bytes, and then hangs up.
    async fn admin_that_says(answer: &'static [u8]) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(answer).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn an_admin_interface_that_speaks_nonsense_is_told_and_survived() {
        for (answer, want) in [
            (
                &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<img>"[..],
                "answered something that is not JSON",
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
                "answered JSON that is not Envoy's",
            ),
            (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", "answered 503"),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}",
                "does not speak HTTP/1.1, or broke off",
            ),
            (b"SSH-2.0-OpenSSH\r\n", "does not speak HTTP/1.1, or broke off"),
            (b"", "does not speak HTTP/1.1, or broke off"),
        ] {
            let admin = Admin { authority: admin_that_says(answer).await };
            let shown = String::from_utf8_lossy(answer);
            let watch = Watch::default();
            let running = tokio::spawn(watch.clone().run(admin));
            let fault = loop {
                if let Some((fault, _)) = watch.watched().fault.clone() {
                    break fault;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            running.abort();
            assert_eq!(fault, want, "{shown:?}");
        }
        let nobody = Admin { authority: "127.0.0.1:1".to_owned() };
        let fault = nobody.get("/stats").await.unwrap_err().to_string();
        assert_eq!(fault, "cannot be reached: connection refused");
    }
}
