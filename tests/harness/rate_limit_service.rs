//! Rate limit services: a real one on a Redis, and one that does as it is told.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatehouse_rate_limit_service::{Limits, Options, Refused, Stats, serve};
use gatehouse_sandbox::Redis;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// A service that counts in a Redis. Dropping it stops it.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) stats: Arc<Stats>,
    runtime: Option<Runtime>,
}

impl Service {
    /// Starts one with these limits, which are YAML.
    pub(crate) fn start(redis: &Redis, limits: &str, refused: Refused) -> Self {
        let stats = Arc::new(Stats::default());
        let limits = Limits::from_yaml(limits).unwrap_or_else(|fault| panic!("{fault}"));
        let options = Options { limits, redis: redis.url(), refused, stats: Arc::clone(&stats) };
        let (runtime, listener, address) = listening();
        runtime.spawn(serve(options, listener, std::future::pending()));
        Self { address, stats, runtime: Some(runtime) }
    }
}

/// How a service behaves that counts nothing.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Answers with this message.
    Message(Vec<u8>),
    /// Answers with a page instead of gRPC.
    Page,
    /// Takes the call, and never answers.
    Silent,
    /// Takes the call, and does with it what it is told next.
    Hold,
    /// Breaks the connection off.
    HangUp,
}

/// A service that does as it is told.
pub(crate) struct Puppet {
    pub(crate) address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    runtime: Option<Runtime>,
}

impl Puppet {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let (runtime, listener, address) = listening();
        let behaviour = Arc::new(Mutex::new(behaviour));
        let told = Arc::clone(&behaviour);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = Arc::clone(&told);
                tokio::spawn(async move {
                    // A connection that ends is an end, whatever the reason.
                    let _ = play(stream, &told).await;
                });
            }
        });
        Self { address, behaviour, runtime: Some(runtime) }
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }
}

async fn play(
    stream: tokio::net::TcpStream,
    told: &Arc<Mutex<Behaviour>>,
) -> Result<(), h2::Error> {
    let mut connection = h2::server::Builder::new().handshake::<_, Cursor<Vec<u8>>>(stream).await?;
    let mut silent = Vec::new();
    while let Some(call) = connection.accept().await {
        let (_, answer) = call?;
        let behaviour = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match behaviour {
            Behaviour::Hold => {
                let told = Arc::clone(told);
                tokio::spawn(async move {
                    let behaviour = released(&told).await;
                    // A call that ends is an end, whatever the reason.
                    let _ = reply(answer, behaviour);
                });
            }
            Behaviour::Silent => silent.push(answer),
            Behaviour::HangUp => return Ok(()),
            behaviour => reply(answer, behaviour)?,
        }
    }
    Ok(())
}

/// What the puppet is told once it is no longer told to hold calls.
async fn released(told: &Mutex<Behaviour>) -> Behaviour {
    loop {
        let behaviour = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !matches!(behaviour, Behaviour::Hold) {
            return behaviour;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Answers a call, where the behaviour has an answer; resets it where it has none.
fn reply(
    mut answer: h2::server::SendResponse<Cursor<Vec<u8>>>,
    behaviour: Behaviour,
) -> Result<(), h2::Error> {
    let head = |kind: &str| {
        http::Response::builder().header("content-type", kind).body(()).expect("a head")
    };
    match behaviour {
        Behaviour::Message(message) => {
            let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
            let mut body = answer.send_response(head("application/grpc"), false)?;
            body.send_data(Cursor::new([&[0][..], &length, &message].concat()), false)?;
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
            body.send_trailers(trailers)
        }
        Behaviour::Page => {
            let mut body = answer.send_response(head("text/html"), false)?;
            body.send_data(Cursor::new(b"<html>".to_vec()), true)
        }
        Behaviour::Silent | Behaviour::Hold | Behaviour::HangUp => Ok(()),
    }
}

/// A runtime of its own: a service must not depend on what a test does with its threads.
pub(super) fn listening() -> (Runtime, TcpListener, SocketAddr) {
    let runtime =
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    (runtime, listener, address)
}

impl Drop for Service {
    fn drop(&mut self) {
        stop(&mut self.runtime);
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        stop(&mut self.runtime);
    }
}

pub(super) fn stop(runtime: &mut Option<Runtime>) {
    if let Some(runtime) = runtime.take() {
        runtime.shutdown_timeout(Duration::from_millis(100));
    }
}
