//! What the cases are written in.

/// Certificates of the keys that sign tokens.
pub(crate) mod certificate;

/// A gateway whose listener changes.
pub(crate) mod changing;

/// A collector of spans, and the gateway that sends them.
pub(crate) mod collector;

/// Changing what a filter is configured with.
pub(crate) mod configuration;

/// Clients whose tokens come with proofs.
pub(crate) mod dpop;

/// Requests that no honest client sends.
pub(crate) mod hostile;

/// A client for HTTP/2 with prior knowledge.
pub(crate) mod http2;

/// An identity provider that does as it is told.
pub(crate) mod identity_provider;

/// Clients that send requests all the time.
pub(crate) mod load;

/// Clients with certificates.
pub(crate) mod mutual_tls;

/// Rate limit services.
pub(crate) mod rate_limit_service;

/// A running gateway that several cases share, and what it logs of each request.
mod shared;

/// Signed tokens, and the key sets that verify them.
pub(crate) mod token;

/// Whether a filter has trapped.
pub(crate) mod trap;

/// Built modules of which a callback traps.
pub(crate) mod trapping;

/// An upstream that a case writes.
pub(crate) mod upstream;

/// The project's tool.
mod xtask;

pub(crate) use shared::{Exchange, Shared, received, received_headers};
pub(crate) use xtask::xtask;

use gatehouse_sandbox::{Builder, Gateway};

/// Starts the gateway.
#[track_caller]
pub(crate) fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// Whether these cases run on an Envoy before 1.39. From there on it takes `..;` in a path for a
/// step up; before, the segment comes as it was sent, and is refused as ambiguous.
pub(crate) fn envoy_keeps_dots_with_parameters() -> bool {
    envoy_minor() < 39
}

/// The second number of the version of the Envoy that these cases run on: 40 of 1.40.0.
pub(crate) fn envoy_minor() -> u32 {
    static MINOR: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {
        let envoy = gatehouse_sandbox::envoy::locate(|step| eprintln!("{step}")).expect("an Envoy");
        let version = envoy.version().expect("it says its version");
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok());
        minor.expect("a version has three numbers")
    });
    *MINOR
}

/// Waits for what comes within seconds.
#[track_caller]
pub(crate) fn until(case: &str, mut is_so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{case}: not within 30 s");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
