//! Header and payload as JSON (RFC 8259): objects that no two parsers read differently (RFC 7515
//! section 4, RFC 7519 section 4: duplicate names are refused, or the last one wins).

use super::Case;
use super::signer::{appended, claims, header, with_claims, with_header, with_payload};
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = duplicates();
    cases.extend(payloads());
    cases.extend(headers());
    cases
}

fn duplicates() -> Vec<Case> {
    let twice = |name: &str, members: &str| {
        Case::new(name, with_payload(appended(&claims(), members)), "token_malformed").open()
    };
    let before = |name: &str, members: &str| {
        let text = claims().to_string();
        let token = with_payload(format!("{{{members},{}", &text[1..]));
        Case::new(name, token, "token_malformed").open()
    };
    vec![
        twice("iss twice, the same", &format!("\"iss\":{}", claims()["iss"])),
        twice("iss twice, the second of somebody else", r#""iss":"https://attacker.example""#),
        before("iss twice, the first of somebody else", r#""iss":"https://attacker.example""#),
        twice("sub twice, the second root", r#""sub":"root""#),
        before("sub twice, the first root", r#""sub":"root""#),
        twice("exp twice, the second past", r#""exp":1"#),
        before("exp twice, the first past", r#""exp":1"#),
        twice("aud twice, the second another", r#""aud":"somebody""#),
        before("aud twice, the first another", r#""aud":"somebody""#),
        twice("exp twice, once in escapes", r#""\u0065xp":1"#),
        twice("sub twice, once in escapes", r#""\u0073\u0075\u0062":"root""#),
        twice("a claim of nobody twice", r#""x":1,"x":2"#),
        twice("a claim twice in an object", r#""x":{"y":1,"y":2}"#),
        twice("a claim twice in an object in a list", r#""x":[{"y":1,"y":2}]"#),
        Case::new(
            "names that differ in case",
            with_payload(appended(&claims(), r#""SUB":"root""#)),
            "allowed",
        ),
        Case::new(
            "the same name in two objects",
            with_payload(appended(&claims(), r#""x":{"sub":1},"y":{"sub":2}"#)),
            "allowed",
        ),
        Case::new(
            "names and values in escapes",
            with_payload(
                claims().to_string().replace("iss", "\\u0069ss").replace("alice", "\\u0061lice"),
            ),
            "allowed",
        ),
    ]
}

fn payloads() -> Vec<Case> {
    let good = claims().to_string();
    let end = good.len() - 1;
    let bad =
        |name: &str, payload: String| Case::new(name, with_payload(payload), "token_malformed");
    let bytes =
        |name: &str, payload: Vec<u8>| Case::new(name, with_payload(payload), "token_malformed");
    let member = |name: &str, json: &str, want| {
        Case::new(name, with_payload(appended(&claims(), &format!("\"x\":{json}"))), want)
    };
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let malformed = "token_malformed";
    vec![
        bad("a payload that is a list", format!("[{good}]")),
        bad("a payload that is a text", json!(good).to_string()),
        bad("a payload that is a number", "1".to_owned()),
        bad("a payload that is null", "null".to_owned()),
        bad("a payload that is true", "true".to_owned()),
        bad("a payload that is words", "alice".to_owned()),
        bad("a payload of spaces", "   ".to_owned()),
        Case::new("a payload without claims", with_payload("{}"), "issuer_unknown"),
        bad("a payload that is cut off", good[..end].to_owned()),
        bad("a payload that is cut off in a text", good[..end - 20].to_owned()),
        bad("a payload twice", format!("{good}{good}")),
        bad("a payload and an empty object", format!("{good}{{}}")),
        bad("a payload and a bracket", format!("{good}}}")),
        bad("a payload and a NUL", format!("{good}\0")),
        bad("a payload and a letter", format!("{good}x")),
        bad("a payload and a comma", format!("{good},")),
        bad("a NUL and a payload", format!("\0{good}")),
        // RFC 8259 section 8.1: no byte order mark; whoever reads may ignore one.
        bad("a byte order mark and a payload", format!("\u{feff}{good}")).open(),
        bytes("a payload in UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Case::new(
            "white space around and in the payload",
            with_payload(format!(" \t\r\n{}\n", good.replace("\":", "\" :\n "))),
            "allowed",
        ),
        bad("a form feed before the payload", format!("\x0c{good}")),
        bad("a comma at the end of the payload's members", format!("{},}}", &good[..end])),
        bad("no commas between the payload's members", good.replace(',', " ")),
        bad("equals signs for colons", good.replace(':', "=")),
        bad("apostrophes for quotes", good.replace('"', "'")),
        bad("names without quotes", good.replace("\"sub\"", "sub")),
        bad("a comment", format!("{}/* root */}}", &good[..end])),
        bad("a comment on a line", format!("{}// root\n}}", &good[..end])),
        bad("a hash comment", format!("# root\n{good}")),
        member("a claim NaN", "NaN", malformed),
        member("a claim Infinity", "Infinity", malformed),
        member("a claim in hexadecimal", "0x10", malformed),
        member("a claim with a plus", "+1", malformed),
        member("a claim with a leading zero", "01", malformed),
        member("a claim with a bare point", "1.", malformed),
        member("a claim True", "True", malformed),
        member("a claim undefined", "undefined", malformed),
        member("a claim that is no float", "1e400", malformed).open(),
        member("a claim that no 64 bits hold", "123456789012345678901234567890", "allowed"),
        member("a claim with a lone surrogate", r#""\ud800""#, malformed),
        member("a claim with surrogates in the wrong order", r#""\udc00\ud800""#, malformed),
        member("a claim with surrogates", r#""\ud83d\ude00""#, "allowed"),
        member("a claim with an escape of NUL", r#""a\u0000b""#, "allowed"),
        member("a claim with an escape of nobody", r#""\x41""#, malformed),
        member("a claim with a raw line break", "\"a\nb\"", malformed),
        member("a claim with a raw NUL", "\"a\0b\"", malformed),
        member("a claim that is not ASCII", "\"zo\u{eb}\"", "allowed"),
        member("a claim of nested lists", &nested(50), "allowed"),
        // RFC 8259 section 9: whoever reads may set limits to depth.
        member("a claim of 5 000 nested lists", &nested(5_000), malformed).open(),
        member(
            "a claim of 1 600 nested objects",
            &format!("{}1{}", "{\"a\":".repeat(1_600), "}".repeat(1_600)),
            malformed,
        )
        .open(),
        bad("10 000 brackets that open", "[".repeat(10_000)),
        bad("2 000 objects that open", "{\"a\":".repeat(2_000)),
        bytes(
            "a claim that is not UTF-8",
            [&good.as_bytes()[..end], b",\"x\":\"\xff\xfe\"}"].concat(),
        ),
        bytes(
            "a claim in overlong UTF-8",
            [&good.as_bytes()[..end], b",\"x\":\"\xc0\x80\"}"].concat(),
        ),
        bytes(
            "a claim with a surrogate in UTF-8",
            [&good.as_bytes()[..end], b",\"x\":\"\xed\xa0\x80\"}"].concat(),
        ),
        bytes("a name that is not UTF-8", [&good.as_bytes()[..end], b",\"\xff\":1}"].concat()),
        Case::new("a name that is empty", with_claims(json!({"": 1})), "allowed"),
        Case::new(
            "a name of JavaScript's",
            with_payload(appended(&claims(), r#""__proto__":{"sub":"root"}"#)),
            "allowed",
        ),
    ]
}

fn headers() -> Vec<Case> {
    let good = header("ES256");
    let bad = |name: &str, header: String| Case::new(name, with_header(header), "token_malformed");
    vec![
        bad("a header that is a list", format!("[{good}]")),
        bad("a header that is a text", json!(good).to_string()),
        bad("a header that is a number", "1".to_owned()),
        bad("a header that is null", "null".to_owned()),
        bad("a header that is words", "ES256".to_owned()),
        bad("a header of nothing", String::new()),
        bad("a header that is cut off", good[..good.len() - 1].to_owned()),
        bad("a header twice", format!("{good}{good}")),
        bad("a header and a letter", format!("{good}x")),
        bad("a byte order mark and a header", format!("\u{feff}{good}")).open(),
        bad(
            "a comma at the end of the header's members",
            format!("{},}}", &good[..good.len() - 1]),
        ),
        bad("a comment in the header", format!("{}/* */}}", &good[..good.len() - 1])),
        bad("apostrophes in the header", good.replace('"', "'")),
        bad("a NUL behind the header", format!("{good}\0")),
        Case::new(
            "white space in the header",
            with_header(format!(" {}\n", good.replace(',', " ,\n"))),
            "allowed",
        ),
        Case::new(
            "a header in another order",
            with_header(r#"{"kid":"p256","typ":"JWT","alg":"ES256"}"#),
            "allowed",
        ),
        Case::new(
            "a header that is not UTF-8",
            with_header([&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xff\"}"].concat()),
            "token_malformed",
        ),
        bad(
            "a header with a lone surrogate",
            format!("{},\"x\":\"\\ud800\"}}", &good[..good.len() - 1]),
        ),
        bad(
            "3 000 lists in the header",
            format!(
                "{},\"x\":{}{}}}",
                &good[..good.len() - 1],
                "[".repeat(3_000),
                "]".repeat(3_000)
            ),
        )
        .open(),
    ]
}
