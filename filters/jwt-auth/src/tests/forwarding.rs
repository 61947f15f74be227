//! Claims in header fields.

use super::*;

/// What the upstream gets of one claim in each form, or the code of the refusal.
fn forwarded(claim: &str, members: &str) -> [Result<Vec<String>, &'static str>; 3] {
    ["csv", "json", "repeated"].map(|form| {
        let provider = json!({
            "name": "main", "issuer": ISSUER, "jwks": key_set(),
            "claims_to_headers": [
                {"claim": claim, "header": "X-Claim", "form": form},
                {"claim": "sub", "header": "x-user"},
            ],
        });
        let filter = filter(json!({"providers": [provider]}));
        let payload =
            format!(r#"{{"iss":"{ISSUER}","sub":"alice","exp":{},{members}}}"#, NOW + 600);
        let outcome = ask_with(&filter, &signed(r#"{"alg":"EdDSA"}"#, &payload));
        match outcome.status() {
            None => {
                assert_eq!(outcome.values("x-user"), ["alice"]);
                Ok(outcome.values("x-claim"))
            }
            Some(_) => {
                assert_eq!(outcome.values("x-user"), [""; 0], "nothing leaves with a refusal");
                Err(outcome.decision.code.name())
            }
        }
    })
}

#[test]
fn a_claim_is_written_in_the_form_that_was_chosen() {
    let some =
        |values: &[&str]| Ok(values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    let invalid = || Err("claim_invalid");
    for (claim, members, want) in [
        ("a", r#""a":"text""#, [some(&["text"]), some(&[r#"\"text\""#]), some(&["text"])]),
        ("a", r#""a":"a,b""#, [some(&["a,b"]), some(&[r#"\"a,b\""#]), some(&["a,b"])]),
        ("a", r#""a":"""#, [some(&[""]), some(&[r#"\"\""#]), some(&[""])]),
        ("a", r#""a":true"#, [some(&["true"]), some(&["true"]), some(&["true"])]),
        ("a", r#""a":null"#, [some(&[]), some(&[]), some(&[])]),
        ("a", r#""b":1"#, [some(&[]), some(&[]), some(&[])]),
        (
            "a",
            r#""a":["x","y",1]"#,
            [some(&["x,y,1"]), some(&[r#"[\"x\",\"y\",1]"#]), some(&["x", "y", "1"])],
        ),
        ("a", r#""a":[]"#, [some(&[]), some(&["[]"]), some(&[])]),
        ("a", r#""a":["x,y"]"#, [invalid(), some(&[r#"[\"x,y\"]"#]), some(&["x,y"])]),
        ("a", r#""a":[["x"]]"#, [invalid(), some(&[r#"[[\"x\"]]"#]), invalid()]),
        ("a", r#""a":[null]"#, [invalid(), some(&["[null]"]), invalid()]),
        (
            "a",
            r#""a":{"y": 1, "x": [2]}"#,
            [
                some(&[r#"{\"x\":[2],\"y\":1}"#]),
                some(&[r#"{\"x\":[2],\"y\":1}"#]),
                some(&[r#"{\"x\":[2],\"y\":1}"#]),
            ],
        ),
        (
            "a.b.c",
            r#""a":{"b":{"c":"deep"}}"#,
            [some(&["deep"]), some(&[r#"\"deep\""#]), some(&["deep"])],
        ),
        (
            "a.b",
            r#""a.b":"flat","a":{"b":"deep"}"#,
            [some(&["flat"]), some(&[r#"\"flat\""#]), some(&["flat"])],
        ),
        ("a.b.c", r#""a":{"b":"leaf"}"#, [some(&[]), some(&[]), some(&[])]),
        (
            "/resource_access/my.client/roles",
            r#""resource_access":{"my.client":{"roles":["admin"]}}"#,
            [some(&["admin"]), some(&[r#"[\"admin\"]"#]), some(&["admin"])],
        ),
        (
            "https://example.com/tier",
            r#""https://example.com/tier":"gold""#,
            [some(&["gold"]), some(&[r#"\"gold\""#]), some(&["gold"])],
        ),
    ] {
        assert_eq!(forwarded(claim, members), want, "{claim} of {members}");
    }
}

#[test]
fn a_number_is_written_as_the_issuer_wrote_it() {
    for number in [
        "0",
        "7",
        "-7",
        "18446744073709551615",
        "-9223372036854775808",
        "18446744073709551616",
        "12345678901234567890123456789",
        "1.10",
        "1e3",
        "1.5E-7",
        "-0",
        "0.1000000000000000055511151231257827",
    ] {
        for form in forwarded("a", &format!(r#""a": {number} "#)) {
            assert_eq!(form.unwrap(), [number], "{number}");
        }
        for form in forwarded("a.b", &format!(r#""a":{{"b":{number}}}"#)) {
            assert_eq!(form.unwrap(), [number], "a.b {number}");
        }
    }
}

#[test]
fn a_claim_that_would_end_its_field_is_refused() {
    for text in [r"a\r\nx-admin: 1", r"a\nb", r"a\u0000b", r"\u007f", r"\u001b[0m"] {
        let [csv, json, repeated] = forwarded("a", &format!(r#""a":"{text}""#));
        assert_eq!(csv, Err("claim_invalid"), "{text}");
        assert_eq!(repeated, Err("claim_invalid"), "{text}");
        // JSON escapes what would end the field, but for DEL, which it may leave as it is.
        assert_eq!(json.is_ok(), text != r"\u007f", "{text}");
        let [csv, _, repeated] = forwarded("a", &format!(r#""a":["ok","{text}"]"#));
        assert_eq!((csv, repeated), (Err("claim_invalid"), Err("claim_invalid")), "{text}");
    }
    let [csv, ..] = forwarded("a", r#""a":"Zoë""#);
    assert_eq!(csv.unwrap(), [r"Zo\xc3\xab"], "UTF-8 is sent as it is");
}

/// A user of the name ` alice` must not arrive as `alice`.
#[test]
fn a_claim_whose_blanks_would_be_lost_on_the_way_is_refused() {
    let invalid = || Err("claim_invalid");
    for (members, json) in [
        (r#""a":" alice""#, r#"\" alice\""#),
        (r#""a":"alice ""#, r#"\"alice \""#),
        (r#""a":"\talice""#, r#"\"\\talice\""#),
        (r#""a":" ""#, r#"\" \""#),
        (r#""a":["admin "]"#, r#"[\"admin \"]"#),
        (r#""a":["user"," admin"]"#, r#"[\"user\",\" admin\"]"#),
    ] {
        assert_eq!(
            forwarded("a", members),
            [invalid(), Ok(vec![json.to_owned()]), invalid()],
            "{members}"
        );
    }
    let inside = || Ok(vec!["a b".to_owned()]);
    let [csv, _, repeated] = forwarded("a", r#""a":"a b""#);
    assert_eq!([csv, repeated], [inside(), inside()]);
}

#[test]
fn no_spelling_of_a_written_field_comes_from_the_client() {
    let filter = filter(json!({"default": "optional"}));
    let token = format!("Bearer {}", token(&claims()));
    let spoofed = [("x_user", "root"), ("x-user", "root"), ("x-users", "mine"), ("x_use", "mine")];
    for (authorization, want) in [(None, &[""; 0][..]), (Some(&token), &["alice"])] {
        let mut sent = spoofed.to_vec();
        sent.extend(authorization.map(|value| ("authorization", value.as_str())));
        let outcome = ask(&filter, &FakeHost::at(NOW), &sent);
        assert_eq!(outcome.values("x-user"), want);
        assert_eq!(outcome.values("x_user"), [""; 0]);
        assert_eq!([outcome.values("x-users"), outcome.values("x_use")], [["mine"], ["mine"]]);
    }
}
