//! What the statuses say of storing (RFC 9111 §3, §4.2.2; RFC 9110 §15).

use super::*;

/// Known ones and unknown ones.
const FINAL: [u16; 30] = [
    200, 203, 204, 299, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 409, 410,
    414, 418, 421, 451, 499, 500, 501, 502, 503, 504, 599,
];

/// RFC 9110 §15.1; 206 is in the table of ranges.
const HEURISTIC: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for code in FINAL {
        rows.push(
            row("RFC 9111 §3", format!("a {code} that says how long it is fresh is reused"))
                .origin(status(code).control("max-age=3600"))
                .get(asked().status(code))
                .get(stored().status(code)),
        );
        rows.push(
            row("RFC 9111 §4.2", format!("a {code} that is stale is not"))
                .origin(
                    status(code).field("expires", at(-5_000)).field("last-modified", at(-100_000)),
                )
                .get(asked().status(code))
                .get(asked().status(code)),
        );
        let is_heuristic = HEURISTIC.contains(&code);
        let again = if is_heuristic { stored() } else { asked() };
        let may = if is_heuristic { "may" } else { "must not" };
        rows.push(
            row("RFC 9110 §15.1", format!("a {code} {may} be reused by the look of it"))
                .origin(status(code).modified())
                .get(asked().status(code))
                .get(again.status(code)),
        );
    }
    for code in [201, 202] {
        rows.push(
            row("RFC 9110 §15.1", format!("a {code} must not be reused by the look of it"))
                .origin(status(code).modified())
                .get(asked().status(code))
                .get(asked().status(code)),
        );
    }
    for (section, code) in
        [("RFC 6585 §3", 428), ("RFC 6585 §4", 429), ("RFC 6585 §5", 431), ("RFC 6585 §6", 511)]
    {
        rows.push(
            row(section, format!("a {code} is never stored, whatever it says"))
                .origin(status(code).control("public, max-age=3600"))
                .get(asked().status(code))
                .get(asked().status(code)),
        );
    }
    rows.extend([
        row("RFC 9111 §5.2.2.9", "a status of no known kind may be, where it says public")
            .origin(status(599).control("public").modified())
            .get(asked().status(599))
            .get(stored().status(599)),
        row(
            "RFC 9111 §5.2.2.3",
            "with must-understand a status that the cache does not know is not stored",
        )
        .origin(status(599).control("max-age=3600, must-understand"))
        .get(asked().status(599))
        .get(asked().status(599)),
        row("RFC 9111 §5.2.2.3", "nor is it with must-understand and no-store")
            .origin(status(599).control("max-age=3600, no-store, must-understand"))
            .get(asked().status(599))
            .get(asked().status(599)),
        row(
            "RFC 9111 §5.2.2.3",
            "with must-understand one that it knows is stored, no-store or not",
        )
        .origin(cached("max-age=3600, no-store, must-understand"))
        .reused(),
        row("RFC 9110 §15.4.2", "a 301 is reused for HEAD")
            .origin(status(301).control("max-age=3600").field("location", "/elsewhere"))
            .get(asked().status(301))
            .ask(head(), stored().status(301).with("location", "/elsewhere")),
        row(
            "RFC 9110 §15.3.5",
            "a 204 that is stored has no body, and no content-length that is wrong",
        )
        .origin(status(204).control("max-age=3600"))
        .get(asked().status(204))
        .get(stored().status(204).body("")),
        row("RFC 9111 §7.1", "a 416 of the origin is not stored for the resource")
            .origin(status(416).control("max-age=3600").field("content-range", "bytes */5"))
            .origin(fresh())
            .ask(get().field("range", "bytes=9-"), asked().status(416))
            .get(asked()),
        row("RFC 9111 §7.1", "a 412 of the origin is not stored for the resource")
            .origin(status(412).control("max-age=3600"))
            .origin(fresh())
            .ask(get().field("if-match", "\"a\""), asked().status(412))
            .get(asked()),
    ]);
    rows
}
