//! Requests that no honest client sends.
//!
//! What matters is what comes after each: the next request is answered, and no filter has trapped.
//! The status is asserted too, so that the table says which of them a filter gets to see.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Error, Request, Response};

use super::{http2, trap};

/// An honest request that the gateway answers with 200; the hostile ones are made from it.
pub(crate) struct Honest<'a> {
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// The cases that would reach the upstream but for the filter at hand, and with which status it
    /// refuses them.
    pub(crate) refused: &'a [(&'a str, u16)],
}

/// Who answers a hostile request.
#[derive(Debug, Clone, Copy)]
enum Want {
    /// It is legal, if odd: the filters see it, and the upstream too.
    Upstream,
    /// It is legal, and a filter refuses it.
    Filter(u16),
    /// Envoy refuses it with this status before any filter sees it.
    Envoy(u16),
}
use Want::{Envoy, Filter, Upstream};

/// Sends every hostile request, each followed by an honest one.
///
/// # Panics
/// When an honest request is not answered with 200 or a filter has trapped; at the end, with all of
/// them, when hostile ones were not answered as they should be.
#[track_caller]
pub(crate) fn survive(gateway: &Gateway, honest: &Honest<'_>) {
    honest.assert_answered(gateway, "nothing yet");
    let mut surprises = Vec::new();
    for (case, request, want) in honest.made_hostile() {
        let got = gateway.try_request(&request);
        let by_a_filter = |response: &Response| {
            response.header("content-type").is_some_and(|kind| kind == b"application/problem+json")
        };
        let is_as_wanted = match (&got, want) {
            (Ok(response), Upstream) => response.status == 200,
            (Ok(response), Filter(status)) => response.status == status && by_a_filter(response),
            (Ok(response), Envoy(status)) => response.status == status && !by_a_filter(response),
            // Envoy may close before its answer has been read: it still had bytes to read.
            (Err(Error::Closed), Envoy(_)) => true,
            (Err(_), _) => false,
        };
        if !is_as_wanted {
            let got =
                got.map_or_else(|fault| fault.to_string(), |response| response.status.to_string());
            surprises.push(format!("{case}: wanted {want:?}, got {got}"));
        }
        honest.assert_answered(gateway, case);
    }
    for (case, request) in honest.made_hostile_in_http2() {
        let answer = http2::send(gateway.address(), request);
        if answer.status != 200 {
            surprises.push(format!("{case}: got {}", answer.status));
        }
        honest.assert_answered(gateway, case);
    }
    assert_eq!(reloads(gateway), 0, "a reload is a trap");
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// How often a VM was loaded again, or could not be.
fn reloads(gateway: &Gateway) -> u64 {
    let stats = gateway.stats();
    let reloads: Vec<u64> = stats
        .iter()
        .filter(|(name, _)| name.contains("vm_reload"))
        .map(|(_, count)| *count)
        .collect();
    assert!(!reloads.is_empty(), "Envoy counts reloads under another name: {:?}", stats.keys());
    reloads.iter().sum()
}

impl Honest<'_> {
    #[track_caller]
    fn assert_answered(&self, gateway: &Gateway, case: &str) {
        // Before and after: a trap answers the request that it hit, and the VM is wanted back for
        // the next.
        trap::assert_none(gateway);
        let response = gateway.get(self.path, self.headers);
        trap::assert_none(gateway);
        assert_eq!(response.status, 200, "the honest request after {case}: {}", response.text());
    }

    /// With one more header line.
    fn with(&self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Request {
        self.to(self.path).header(name, value)
    }

    /// To another target.
    fn to(&self, target: impl AsRef<[u8]>) -> Request {
        self.headers
            .iter()
            .fold(Request::get(target), |request, (name, value)| request.header(name, value))
    }

    /// These bytes after the last header line.
    fn exact(&self, lines: &[u8]) -> Request {
        let head = self.to(self.path).bytes();
        let head = head.strip_suffix(b"\r\n").unwrap_or(&head);
        Request::exact([head, lines, b"\r\n\r\n"].concat())
    }

    fn made_hostile(&self) -> Vec<(&'static str, Request, Want)> {
        let query = |query: &[u8]| self.to([self.path.as_bytes(), b"?", query].concat());
        let many = |count: usize| {
            (0..count).fold(self.to(self.path), |request, n| request.header(format!("x-{n}"), "v"))
        };
        let mut cases = vec![
            ("a value that is not UTF-8", self.with("x-a", b"\xff\xfe\x80"), Upstream),
            ("a value cut inside a character", self.with("x-a", b"caf\xc3"), Upstream),
            ("every byte that may be in a value", self.with("x-a", every_byte()), Upstream),
            ("a header of 60 KiB", self.with("x-a", vec![b'a'; 60 * 1024]), Upstream),
            (
                "a header of 60 KiB that is not UTF-8",
                self.with("x-a", vec![0xff; 60 * 1024]),
                Upstream,
            ),
            ("a header of 200 KiB", self.with("x-a", vec![b'a'; 200 * 1024]), Envoy(431)),
            ("the same header twice", self.with("x-a", "1").header("X-A", "\u{fffd}"), Upstream),
            ("an empty value", self.with("x-a", ""), Upstream),
            ("ninety headers", many(90), Upstream),
            ("a thousand headers", many(1000), Envoy(431)),
            // Envoy takes it out.
            ("CR in a value", self.with("x-a", "1\rx-user: root"), Upstream),
            ("LF in a value", self.with("x-a", "1\nnonsense"), Envoy(400)),
            ("CR LF and a line without a colon", self.with("x-a", "1\r\nnonsense"), Envoy(400)),
            ("a folded line", self.with("x-a", "1\r\n 2"), Upstream),
            ("NUL in a value", self.with("x-a", "1\x002"), Envoy(400)),
            ("another control character in a value", self.with("x-a", "1\x012"), Envoy(400)),
            ("DEL in a value", self.with("x-a", "1\x7f2"), Envoy(400)),
            ("an empty name", self.exact(b": 1"), Envoy(400)),
            ("a name that is not a token", self.exact(b"x a: 1"), Envoy(400)),
            ("a name that is not ASCII", self.exact(b"x-\xff: 1"), Envoy(400)),
            ("NUL in a name", self.exact(b"x-\0: 1"), Envoy(400)),
            ("a name with an underscore", self.with("x_user", "root"), Envoy(400)),
            ("a space before the colon", self.exact(b"x-a : 1"), Envoy(400)),
            // Envoy joins them: `a.example,b.example`.
            ("two hosts", self.with("host", "a.example").header("host", "b.example"), Upstream),
            ("a host that is not UTF-8", self.with("host", b"\xff"), Envoy(400)),
            ("no host", Request::exact(format!("GET {} HTTP/1.1\r\n\r\n", self.path)), Envoy(400)),
            ("a path that is not ASCII", self.to(b"/\xff"), Envoy(400)),
            ("a path with NUL", self.to([self.path, "/%00"].concat()), Envoy(400)),
            ("a query that is not ASCII", query(b"a=\xff"), Envoy(400)),
            ("a query that is not UTF-8 when decoded", query(b"a=%ff%fe&%ff=1"), Upstream),
            ("CR LF in a query", query(b"a=%0d%0ax-user:%20root"), Upstream),
            ("a query that ends in an escape", query(b"a=%f&b=%"), Upstream),
            ("a query of nothing but marks", query(b"&&==&?=&"), Upstream),
            ("a query of 50 KiB", query(&[b'a'; 50 * 1024]), Upstream),
            ("a method that nobody knows", Request::new("ORDERS", self.path), Envoy(400)),
            (
                "a body with two lengths",
                self.exact(b"content-length: 1\r\ncontent-length: 2"),
                Envoy(400),
            ),
            (
                "a length and chunks",
                self.exact(b"content-length: 1\r\ntransfer-encoding: chunked"),
                Envoy(400),
            ),
            (
                "chunks that are not chunks",
                self.exact(b"transfer-encoding: chunked\r\n\r\nzz"),
                Envoy(400),
            ),
            (
                "the greeting of TLS",
                Request::exact(*b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"),
                Envoy(400),
            ),
            ("no HTTP at all", Request::exact(*b"\xff\xff\xff\xff\r\n\r\n"), Envoy(400)),
        ];
        // Whatever a filter reads, one of these is likely to be it.
        for (case, name) in [
            ("accept that is not UTF-8", "accept"),
            ("content-type that is not UTF-8", "content-type"),
            ("cookie that is not UTF-8", "cookie"),
            ("origin that is not UTF-8", "origin"),
            ("user-agent that is not UTF-8", "user-agent"),
            ("x-forwarded-for that is not UTF-8", "x-forwarded-for"),
            ("x-request-id that is not UTF-8", "x-request-id"),
            ("x-tenant that is not UTF-8", "x-tenant"),
            ("x-user that is not UTF-8", "x-user"),
        ] {
            cases.push((case, self.with(name, b"\xff"), Upstream));
        }
        for (refused, status) in self.refused {
            let case = cases.iter_mut().find(|(case, ..)| case == refused);
            case.unwrap_or_else(|| panic!("no case is called {refused}")).2 = Filter(*status);
        }
        cases
    }

    /// HTTP/2 has its own codec, and lets other bytes through.
    fn made_hostile_in_http2(&self) -> Vec<(&'static str, http::Request<()>)> {
        let request = || {
            let start = http2::get(self.path);
            self.headers.iter().fold(start, |request, (name, value)| request.header(*name, *value))
        };
        let made = |builder: http::request::Builder| {
            builder.body(()).expect("a request that can be written")
        };
        vec![
            ("HTTP/2: a value that is not UTF-8", made(request().header("x-a", &b"\xff\xfe"[..]))),
            (
                "HTTP/2: every byte that may be in a value",
                made(request().header("x-a", every_byte())),
            ),
            (
                "HTTP/2: the same header twice",
                made(request().header("x-a", "1").header("x-a", "2")),
            ),
            ("HTTP/2: a header of 10 KiB", made(request().header("x-a", vec![0xff; 10 * 1024]))),
        ]
    }
}

/// `field-vchar`, space and tab (RFC 9110 section 5.5).
fn every_byte() -> Vec<u8> {
    let allowed = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..=0xff);
    let bytes: Vec<u8> = (0..=255).filter(allowed).collect();
    // White space at either end is not part of the value.
    [b"a", bytes.as_slice(), b"z"].concat()
}
