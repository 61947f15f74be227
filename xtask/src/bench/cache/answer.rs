//! What the origin answers: bodies of a size, which may be stored or not.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kinds::{Size, Work};

/// A path that no kind of request has asks for so many bytes: `/bytes/16384/…`.
const OF_BYTES: &[u8] = b"GET /bytes/";

/// The largest body.
const MOST: usize = 1 << 20;

static BODY: LazyLock<String> = LazyLock::new(|| {
    let order = "{\"id\":17,\"status\":\"delivered\",\"total\":\"389.00\",\"currency\":\"EUR\"},";
    order.chars().cycle().take(MOST).collect()
});

static STORABLE: LazyLock<[String; 3]> = LazyLock::new(|| of_all_sizes(STORED));
static VARIANT: LazyLock<[String; 3]> = LazyLock::new(|| of_all_sizes(SELECTED));
static UNSTORABLE: LazyLock<[String; 3]> = LazyLock::new(|| of_all_sizes(NOT_STORED));

/// What every answer says.
pub(super) const FIELDS: [(&str, &str); 3] = [
    ("content-type", "application/json"),
    ("etag", "\"5f1c2b7e3d0a4c55\""),
    ("last-modified", "Sat, 28 Nov 2026 10:00:00 GMT"),
];

/// What is said of answers to be stored, to be stored for some requests, and not to be stored.
const STORED: &str = "cache-control: max-age=86400\r\n";
const SELECTED: &str = "cache-control: max-age=86400\r\nvary: accept-encoding\r\n";
const NOT_STORED: &str = "cache-control: no-store\r\n";

/// What stands in the paths of answers that are asked for again and again.
pub(super) const WANTED: &str = "/wanted/";

static GIVEN: AtomicUsize = AtomicUsize::new(0);
static GIVEN_OF_WANTED: AtomicUsize = AtomicUsize::new(0);

/// To `/hit/1KiB/…` 1 KiB that may be stored, to `/unstorable/16KiB/…` 16 KiB that may not.
pub(super) fn to(head: &[u8]) -> Cow<'static, [u8]> {
    GIVEN.fetch_add(1, Ordering::Relaxed);
    if let Some(rest) = head.strip_prefix(OF_BYTES) {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let bytes = digits
            .fold(0_usize, |sum, digit| sum.saturating_mul(10).saturating_add((digit & 15).into()));
        if head.windows(WANTED.len()).any(|part| part == WANTED.as_bytes()) {
            GIVEN_OF_WANTED.fetch_add(1, Ordering::Relaxed);
        }
        return Cow::Owned(whole(bytes.min(MOST), STORED).into_bytes());
    }
    let mut parts = head.split(|byte| *byte == b'/').skip(1);
    let (work, size) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_for = |kind: Work| kind.name().as_bytes() == work;
    let all = match () {
        () if is_for(Work::Unstorable) => &UNSTORABLE,
        () if is_for(Work::Variant) => &VARIANT,
        () => &STORABLE,
    };
    let index = Size::ALL.iter().position(|known| known.name().as_bytes() == size);
    let whole = index.and_then(|index| all.get(index)).map(String::as_bytes);
    Cow::Borrowed(whole.unwrap_or(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"))
}

/// How many requests there were.
pub(super) fn given() -> usize {
    GIVEN.load(Ordering::Relaxed)
}

/// How many of them were for what is wanted.
pub(super) fn wanted() -> usize {
    GIVEN_OF_WANTED.load(Ordering::Relaxed)
}

/// The body of so many bytes.
pub(super) fn body(bytes: usize) -> &'static str {
    BODY.get(..bytes).unwrap_or_default()
}

fn of_all_sizes(lines: &str) -> [String; 3] {
    Size::ALL.map(|size| whole(size.bytes(), lines))
}

fn whole(bytes: usize, lines: &str) -> String {
    let fields = FIELDS.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let body = body(bytes);
    format!("HTTP/1.1 200 OK\r\n{fields}{lines}content-length: {bytes}\r\n\r\n{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> String {
        String::from_utf8(to(line.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn the_path_says_how_long_the_answer_is_and_whether_it_may_be_stored() {
        for (path, length, word) in [
            ("/hit/1KiB/orders/0", 1024, "max-age"),
            ("/variant/1KiB/orders/0", 1024, "vary"),
            ("/miss/16KiB/orders/8", 16_384, "max-age"),
            ("/unstorable/256KiB/orders/9", 262_144, "no-store"),
            ("/bytes/65536/7", 65_536, "max-age"),
        ] {
            let answer = asked(&format!("GET {path} HTTP/1.1\r\n\r\n"));
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.len(), length, "{path}");
            assert!(head.contains(&format!("content-length: {length}")), "{head}");
            assert!(head.contains(word), "{head}");
        }
        assert!(asked("GET /else HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    }
}
