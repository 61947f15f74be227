//! The field `authorization` (RFC 9110 section 11.6.2, RFC 6750 section 2.1): `Bearer`, spaces, and
//! a token.

use super::Case;
use super::signer::{claims, good, with_payload};
use gatehouse_sandbox::raw::Request;

pub(super) fn cases() -> Vec<Case> {
    let good = good("ES256");
    let other = with_payload(format!("{} ", claims()));
    let sent = |name: &str, value: String, want| Case::sent(name, [value], want);
    let (missing, malformed, repeated) = ("token_missing", "token_malformed", "token_repeated");
    let bytes = |before: &[u8], behind: &[u8]| [before, good.as_bytes(), behind].concat();
    let mut cases = vec![
        Case::asked("no authorization", Request::get("/"), missing),
        sent("Bearer, as it should be", format!("Bearer {good}"), "allowed"),
        // RFC 9110 section 11.1: without regard to case.
        sent("bearer", format!("bearer {good}"), "allowed"),
        sent("BEARER", format!("BEARER {good}"), "allowed"),
        sent("BeArEr", format!("BeArEr {good}"), "allowed"),
        // Section 11.4: one space or more.
        sent("several spaces", format!("Bearer    {good}"), "allowed"),
        sent("a space before", format!(" Bearer {good}"), "allowed"),
        sent("spaces behind", format!("Bearer {good}   "), "allowed"),
        sent("a tab before and one behind", format!("\tBearer {good}\t"), "allowed"),
        sent("a tab for the space", format!("Bearer\t{good}"), missing),
        sent("a tab behind the space", format!("Bearer \t{good}"), malformed),
        sent("no space", format!("Bearer{good}"), missing),
        sent("a colon for the space", format!("Bearer:{good}"), missing),
        sent("a colon behind the scheme", format!("Bearer: {good}"), missing),
        sent("an equals sign for the space", format!("Bearer={good}"), missing),
        sent("a space in escapes", format!("Bearer%20{good}"), missing),
        sent("a token without a scheme", good.clone(), missing),
        sent("a space without a scheme", format!(" {good}"), missing),
        sent("Basic", format!("Basic {good}"), missing),
        sent("Basic, as it should be", "Basic YWxpY2U6c2VjcmV0".to_owned(), missing),
        sent("Token", format!("Token {good}"), missing),
        sent("JWT", format!("JWT {good}"), missing),
        sent("DPoP", format!("DPoP {good}"), missing),
        sent("Negotiate", format!("Negotiate {good}"), missing),
        sent("Bear", format!("Bear {good}"), missing),
        sent("Bearers", format!("Bearers {good}"), missing),
        sent("XBearer", format!("XBearer {good}"), missing),
        sent("Bearer in quotes", format!("\"Bearer\" {good}"), missing),
        sent("Bearer twice", format!("Bearer Bearer {good}"), malformed),
        sent("Basic and Bearer", format!("Basic Bearer {good}"), missing),
        sent("an empty field", String::new(), missing),
        sent("Bearer alone", "Bearer".to_owned(), missing),
        sent("Bearer and a space", "Bearer ".to_owned(), missing),
        sent("Bearer and a dot", "Bearer .".to_owned(), malformed),
        sent("Bearer null", "Bearer null".to_owned(), malformed),
        sent("Bearer undefined", "Bearer undefined".to_owned(), malformed),
        sent("a token in quotes", format!("Bearer \"{good}\""), malformed),
        sent("a token as a parameter", format!("Bearer token={good}"), malformed),
        sent("a token as a parameter in quotes", format!("Bearer token=\"{good}\""), malformed),
        sent("a semicolon behind", format!("Bearer {good};"), malformed),
        // More than one: RFC 6750 section 3.1 has a 400 for that.
        sent("two tokens with a space between", format!("Bearer {good} {other}"), malformed),
        sent("two tokens with a comma between", format!("Bearer {good},{other}"), repeated),
        sent(
            "two tokens with a comma and a space between",
            format!("Bearer {good}, {other}"),
            repeated,
        ),
        sent("two credentials in a field", format!("Bearer {good}, Bearer {other}"), repeated),
        sent(
            "the same credentials twice in a field",
            format!("Bearer {good}, Bearer {good}"),
            repeated,
        ),
        sent("a good token and rubbish in a field", format!("Bearer {good}, Bearer x"), repeated),
        sent("rubbish and a good token in a field", format!("Bearer x, Bearer {good}"), repeated),
        sent("a comma behind", format!("Bearer {good},"), repeated),
        sent("Basic and a good token in a field", format!("Basic YTpi, Bearer {good}"), missing),
    ];
    for (name, first, second) in [
        ("two fields", format!("Bearer {good}"), format!("Bearer {other}")),
        ("two fields, the same", format!("Bearer {good}"), format!("Bearer {good}")),
        ("two fields, the second rubbish", format!("Bearer {good}"), "Bearer x".to_owned()),
        ("two fields, the first rubbish", "Bearer x".to_owned(), format!("Bearer {good}")),
        ("two fields, the second Basic", format!("Bearer {good}"), "Basic YTpi".to_owned()),
    ] {
        cases.push(Case::sent(name, [first, second], repeated));
    }
    // Envoy makes one of them.
    let two = [format!("Bearer {good}"), String::new()];
    cases.push(Case::sent("two fields, the second empty", &two, "allowed").open());
    cases.push(Case::sent("two fields, the first empty", two.iter().rev(), "allowed").open());
    for (name, value, want) in [
        ("a byte that is not ASCII before", bytes(b"Bearer \xff", b""), malformed),
        ("a byte that is not ASCII behind", bytes(b"Bearer ", b"\xff"), malformed),
        ("a space of Unicode behind the scheme", bytes("Bearer\u{a0}".as_bytes(), b""), missing),
        (
            "a space of no width behind the scheme",
            bytes("Bearer \u{200b}".as_bytes(), b""),
            malformed,
        ),
        ("a byte order mark before the token", bytes("Bearer \u{feff}".as_bytes(), b""), malformed),
        ("a scheme in full width", bytes("\u{ff22}earer ".as_bytes(), b""), missing),
        ("a scheme that is not UTF-8", bytes(b"Bear\xffer ", b""), missing),
        ("bytes", b"Bearer \xff\xfe.\x80.\xff".to_vec(), malformed),
    ] {
        cases.push(Case::sent(name, [value], want));
    }
    let (in_query, with) = (format!("/?access_token={good}"), |target: &str| {
        Request::get(target).header("authorization", format!("Bearer {good}"))
    });
    cases.extend([
        // Not a place of tokens here, so there is nothing in it.
        Case::asked("a token in the query alone", Request::get(&in_query), missing),
        Case::asked("a token in the query too", with(&in_query), "allowed"),
        Case::asked(
            "a token in a cookie alone",
            Request::get("/").header("cookie", format!("access_token={good}")),
            missing,
        ),
        Case::asked(
            "a token in another field",
            Request::get("/").header("proxy-authorization", format!("Bearer {good}")),
            missing,
        ),
        Case::asked(
            "a token in the body",
            Request::new("POST", "/")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("access_token={good}")),
            missing,
        ),
        Case::asked(
            "AUTHORIZATION",
            Request::get("/").header("AUTHORIZATION", format!("Bearer {good}")),
            "allowed",
        ),
        Case::asked(
            "HEAD",
            Request::new("HEAD", "/").header("authorization", format!("Bearer {good}")),
            "allowed",
        ),
        Case::asked("OPTIONS without a token", Request::new("OPTIONS", "/"), missing),
        Case::asked(
            "a POST with a token",
            Request::new("POST", "/").header("authorization", format!("Bearer {good}")).body("x"),
            "allowed",
        ),
    ]);
    cases
}
