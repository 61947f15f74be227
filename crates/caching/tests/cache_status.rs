//! What `Cache-Status` says: a row for each parameter of RFC 9211 §2.

use gatehouse_caching::{CacheStatus, Forward, Handling};

const HIT: CacheStatus<'_> =
    CacheStatus { cache: "gatehouse", handling: Handling::Hit, ttl: None, key: None, detail: None };

fn forwarded(why: Forward) -> Handling {
    Handling::Forwarded { why, status: None, stored: false, collapsed: false }
}

#[test]
fn each_parameter_is_written_as_a_structured_field_is() {
    let everything = Handling::Forwarded {
        why: Forward::Stale,
        status: Some(304),
        stored: true,
        collapsed: true,
    };
    for (what, status, want) in [
        ("2.1 hit", HIT, "gatehouse; hit"),
        ("2.4 ttl", CacheStatus { ttl: Some(57), ..HIT }, "gatehouse; hit; ttl=57"),
        (
            "2.4 ttl of what is stale",
            CacheStatus { ttl: Some(-5), ..HIT },
            "gatehouse; hit; ttl=-5",
        ),
        (
            "2.4 an integer has 15 digits",
            CacheStatus { ttl: Some(i64::MIN), ..HIT },
            "gatehouse; hit; ttl=-999999999999999",
        ),
        (
            "2.2, 2.3, 2.5, 2.6",
            CacheStatus { handling: everything, ..HIT },
            "gatehouse; fwd=stale; fwd-status=304; stored; collapsed",
        ),
        (
            "2.7 key",
            CacheStatus { key: Some(b"GET https://a/\"x\\\xff\n"), ..HIT },
            "gatehouse; hit; key=\"GET https://a/\\\"x\\\\%FF%0A\"",
        ),
        (
            "2.8 detail",
            CacheStatus { detail: Some("no-store"), ..HIT },
            "gatehouse; hit; detail=no-store",
        ),
        (
            "2.8 detail that is no token",
            CacheStatus { detail: Some("as it is"), ..HIT },
            "gatehouse; hit; detail=\"as it is\"",
        ),
        ("2 a name that is no token", CacheStatus { cache: "1 a", ..HIT }, "\"1 a\"; hit"),
        ("2 no name", CacheStatus { cache: "", ..HIT }, "\"\"; hit"),
    ] {
        let value = status.to_value();
        assert_eq!(std::str::from_utf8(value.as_bytes()), Ok(want), "{what}");
    }
}

#[test]
fn each_reason_has_its_token() {
    for (why, token) in [
        (Forward::Bypass, "bypass"),
        (Forward::Method, "method"),
        (Forward::UriMiss, "uri-miss"),
        (Forward::VaryMiss, "vary-miss"),
        (Forward::Miss, "miss"),
        (Forward::Request, "request"),
        (Forward::Stale, "stale"),
        (Forward::Partial, "partial"),
    ] {
        let value = CacheStatus { handling: forwarded(why), ..HIT }.to_value();
        assert_eq!(value.as_bytes(), format!("gatehouse; fwd={token}").as_bytes());
    }
}
