//! Which responses are stored, and for whom: a row for each rule of RFC 9111 §3.

use gatehouse_caching::method::{is_keyed_by_content, is_safe};
use gatehouse_caching::{
    Arrival, Asked, FreshnessOptions, Identified, Lifetime, NotStored, Partition,
    ResponseDirectives, SetCookie, Storable, Storing, StoringOptions, Target, answers_get,
    may_store,
};
use gatehouse_filter::{Headers, Timestamp};

const GET: Asked = Asked { method: Storable::Always, no_store: false, is_identified: false };
const DEFAULT: StoringOptions =
    StoringOptions { identified: Identified::Strict, set_cookie: SetCookie::Refuse };

fn store(
    asked: Asked,
    options: StoringOptions,
    status: u16,
    fields: &[(&str, &str)],
) -> Result<Storing, NotStored> {
    let response = Headers::from_list(fields);
    let directives = ResponseDirectives::read(&response);
    let now = Timestamp::from_seconds(1_800_000_000);
    let freshness = FreshnessOptions { heuristic: true, ..FreshnessOptions::default() };
    let arrival = Arrival { asked: now, received: now };
    let lifetime = Lifetime::of(status, &response, &directives, &freshness, arrival);
    may_store(&asked, &options, status, &response, &directives, &lifetime)
}

fn cc(value: &str) -> (&str, &str) {
    ("cache-control", value)
}

#[test]
fn a_response_is_stored_unless_something_forbids_it() {
    let shared = Ok(Storing { partition: Partition::Shared, strip_set_cookie: false });
    let modified = ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    let tag = ("etag", "\"a\"");
    let (post, put) = (
        Asked { method: Storable::of(b"POST"), ..GET },
        Asked { method: Storable::of(b"PUT"), ..GET },
    );
    let no_store = Asked { no_store: true, ..GET };
    for (what, asked, status, fields, want) in [
        ("3 max-age", GET, 200, &[cc("max-age=60")][..], shared),
        ("3 s-maxage", GET, 200, &[cc("s-maxage=60")], shared),
        ("3 expires", GET, 200, &[("expires", "Fri, 31 Dec 9999 23:59:59 GMT")], shared),
        ("3 a status that may, with a validator", GET, 200, &[tag], shared),
        ("3 another, with a validator", GET, 201, &[tag], Err(NotStored::NoLifetime)),
        ("3 another, changed long ago", GET, 403, &[modified], Err(NotStored::NoLifetime)),
        ("3 another, with a lifetime", GET, 201, &[cc("max-age=60")], shared),
        ("5.2.2.9 another, public, with a validator", GET, 599, &[cc("public"), tag], shared),
        ("3 an error with a lifetime", GET, 500, &[cc("max-age=60")], shared),
        ("3 nothing is said", GET, 200, &[], Err(NotStored::Useless)),
        (
            "stale at once, without a validator",
            GET,
            200,
            &[cc("max-age=0")],
            Err(NotStored::Useless),
        ),
        ("stale at once, with a validator", GET, 200, &[cc("max-age=0"), tag], shared),
        (
            "stale when it came",
            GET,
            200,
            &[cc("max-age=60"), ("age", "60")],
            Err(NotStored::Useless),
        ),
        (
            "RFC 5861 3 of use while it is validated",
            GET,
            200,
            &[cc("max-age=0, stale-while-revalidate=9")],
            shared,
        ),
        (
            "RFC 5861 4 of use where there is an error",
            GET,
            200,
            &[cc("max-age=0, stale-if-error=9")],
            shared,
        ),
        (
            "RFC 5861 4 where it may not be used",
            GET,
            200,
            &[cc("s-maxage=0, stale-if-error=9")],
            Err(NotStored::Useless),
        ),
        ("5.2.2.4 no-cache with a validator", GET, 200, &[cc("no-cache"), tag], shared),
        (
            "5.2.2.4 no-cache without one",
            GET,
            200,
            &[cc("no-cache, max-age=60")],
            Err(NotStored::Useless),
        ),
        ("5.2.2.5 no-store", GET, 200, &[cc("no-store, max-age=60"), tag], Err(NotStored::NoStore)),
        (
            "5.2.1.5 no-store of the request",
            no_store,
            200,
            &[cc("max-age=60")],
            Err(NotStored::RequestNoStore),
        ),
        (
            "5.2.2.3 must-understand, understood",
            GET,
            200,
            &[cc("no-store, must-understand, max-age=60")],
            shared,
        ),
        (
            "5.2.2.3 must-understand, not understood",
            GET,
            599,
            &[cc("no-store, must-understand, max-age=60")],
            Err(NotStored::Status),
        ),
        (
            "5.2.2.3 must-understand alone",
            GET,
            599,
            &[cc("must-understand, max-age=60")],
            Err(NotStored::Status),
        ),
        ("5.2.2.7 private", GET, 200, &[cc("private, max-age=60")], Err(NotStored::Private)),
        ("5.2.2.7 private of a field", GET, 200, &[cc("private=\"a\", max-age=60")], shared),
        (
            "RFC 9213 2.2 targeted over no-store",
            GET,
            200,
            &[("cdn-cache-control", "max-age=60"), cc("no-store")],
            shared,
        ),
        (
            "RFC 9213 2.2 targeted no-store",
            GET,
            200,
            &[("cdn-cache-control", "no-store"), cc("max-age=60")],
            Err(NotStored::NoStore),
        ),
        (
            "RFC 9213 2.2 targeted private",
            GET,
            200,
            &[("cdn-cache-control", "private"), cc("max-age=60")],
            Err(NotStored::Private),
        ),
        (
            "RFC 9213 2.1 malformed",
            GET,
            200,
            &[("cdn-cache-control", "max-age=60, &&&"), cc("no-store")],
            Err(NotStored::NoStore),
        ),
        (
            "4.1 vary by what is not in requests",
            GET,
            200,
            &[cc("max-age=60"), ("vary", "a, *")],
            Err(NotStored::VaryAny),
        ),
        ("4.1 vary", GET, 200, &[cc("max-age=60"), ("vary", "a")], shared),
        ("3 a POST with a lifetime", post, 200, &[cc("max-age=60")], shared),
        ("3 a POST without", post, 200, &[modified], Err(NotStored::Method)),
        ("3 a PUT", put, 200, &[cc("max-age=60")], Err(NotStored::Method)),
        ("3.3 one range", GET, 206, &[cc("max-age=60"), ("content-range", "bytes 0-1/10")], shared),
        (
            "3.3 several ranges",
            GET,
            206,
            &[cc("max-age=60"), ("content-type", "multipart/byteranges; boundary=a")],
            Err(NotStored::NotOneRange),
        ),
        (
            "3.3 another unit",
            GET,
            206,
            &[cc("max-age=60"), ("content-range", "lines 0-1/10")],
            Err(NotStored::NotOneRange),
        ),
    ] {
        assert_eq!(store(asked, DEFAULT, status, fields), want, "{what}");
    }
}

#[test]
fn these_statuses_are_never_stored() {
    let never: Vec<u16> = (200..=599)
        .filter(|status| {
            let fields = [cc("max-age=60"), ("content-range", "bytes 0-1/2")];
            store(GET, DEFAULT, *status, &fields) == Err(NotStored::Status)
        })
        .collect();
    assert_eq!(never, [304, 407, 412, 416, 417, 425, 428, 429, 431, 511]);
    for interim in [100, 103, 199, 0, 600, 999] {
        assert_eq!(store(GET, DEFAULT, interim, &[cc("max-age=60")]), Err(NotStored::Status));
    }
}

#[test]
fn no_identity_gets_the_answer_of_another() {
    use Identified::{Own, Shared, Strict};
    let own = Ok(Partition::Own);
    let shared = Ok(Partition::Shared);
    let refused = Err(NotStored::Identified);
    for (what, option, value, want) in [
        ("3.5 a lifetime is not enough", Strict, "max-age=60", refused),
        ("3.5 public", Strict, "max-age=60, public", shared),
        ("3.5 s-maxage", Strict, "s-maxage=60", shared),
        ("3.5 must-revalidate, for its own", Strict, "max-age=60, must-revalidate", own),
        ("3.5 proxy-revalidate is none of them", Strict, "max-age=60, proxy-revalidate", refused),
        ("private is for nobody's store", Own, "private, max-age=60", Err(NotStored::Private)),
        ("by option, for its own", Own, "max-age=60", own),
        ("by option, for its own, public", Own, "max-age=60, public", own),
        ("by option, for all", Shared, "max-age=60", shared),
    ] {
        let options = StoringOptions { identified: option, ..DEFAULT };
        let asked = Asked { is_identified: true, ..GET };
        let have = store(asked, options, 200, &[cc(value)]).map(|storing| storing.partition);
        assert_eq!(have, want, "{what}");
        let anybody = store(GET, options, 200, &[cc(value)]).map(|storing| storing.partition);
        let want = if want == Err(NotStored::Private) { want } else { shared };
        assert_eq!(anybody, want, "{what}, asked without an identity");
    }
}

#[test]
fn cookies_go_to_whom_they_were_set_for() {
    let stored = |strip_set_cookie| Ok(strip_set_cookie);
    for (what, option, value, want) in [
        ("by default, not", SetCookie::Refuse, "max-age=60", Err(NotStored::SetCookie)),
        ("public", SetCookie::Refuse, "max-age=60, public", stored(false)),
        ("s-maxage", SetCookie::Refuse, "s-maxage=60", stored(false)),
        (
            "5.2.2.7 private of the field",
            SetCookie::Refuse,
            "max-age=60, private=\"set-cookie\"",
            stored(false),
        ),
        (
            "5.2.2.4 no-cache of the field",
            SetCookie::Refuse,
            "max-age=60, no-cache=\"Set-Cookie\"",
            stored(false),
        ),
        (
            "private of another field",
            SetCookie::Refuse,
            "max-age=60, private=\"a\"",
            Err(NotStored::SetCookie),
        ),
        ("stripped", SetCookie::Strip, "max-age=60", stored(true)),
        ("stored", SetCookie::Store, "max-age=60", stored(false)),
    ] {
        let options = StoringOptions { set_cookie: option, ..DEFAULT };
        let fields = [cc(value), ("set-cookie", "a=b")];
        let have = store(GET, options, 200, &fields).map(|storing| storing.strip_set_cookie);
        assert_eq!(have, want, "{what}");
        let without =
            store(GET, options, 200, &[cc(value)]).map(|storing| storing.strip_set_cookie);
        assert_eq!(without, Ok(false), "{what}, without a cookie");
    }
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let mut words: Vec<&str> = [
        NotStored::Method,
        NotStored::Status,
        NotStored::NotOneRange,
        NotStored::RequestNoStore,
        NotStored::NoStore,
        NotStored::Private,
        NotStored::VaryAny,
        NotStored::Identified,
        NotStored::SetCookie,
        NotStored::NoLifetime,
        NotStored::Useless,
    ]
    .iter()
    .map(|reason| reason.token())
    .collect();
    let is_token = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    assert!(words.iter().all(is_token));
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), 11);
}

#[test]
fn methods_are_told_apart() {
    for (method, safe, by_content, storable) in [
        ("GET", true, false, Storable::Always),
        ("HEAD", true, false, Storable::Never),
        ("OPTIONS", true, true, Storable::Never),
        ("QUERY", true, true, Storable::Always),
        ("POST", false, true, Storable::IfExplicit),
        ("PUT", false, true, Storable::Never),
        ("DELETE", false, true, Storable::Never),
        ("M-SEARCH", false, true, Storable::Never),
        // Methods have a case (RFC 9110 §9.1).
        ("get", false, true, Storable::Never),
        ("", false, true, Storable::Never),
    ] {
        let bytes = method.as_bytes();
        let have = (is_safe(bytes), is_keyed_by_content(bytes), Storable::of(bytes));
        assert_eq!(have, (safe, by_content, storable), "{method}");
    }
}

#[test]
fn a_post_answers_a_get_where_it_says_so() {
    let target = Target { scheme: b"https", authority: b"a.example", path: b"/x?y" };
    for (location, want) in [
        ("/x?y", true),
        ("https://a.example/x?y", true),
        ("?y", true),
        ("/x", false),
        ("https://b.example/x?y", false),
    ] {
        let response = Headers::from_list(&[("content-location", location)]);
        assert_eq!(answers_get(&target, &response), want, "{location}");
    }
    assert!(!answers_get(&target, &Headers::default()));
}
