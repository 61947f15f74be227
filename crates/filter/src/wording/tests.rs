use super::*;
use crate::config;
use crate::{HeaderName, HeaderValue};

fn read(json: &str) -> Result<Wording, String> {
    config::read(json.as_bytes(), |node| Wording::read(&node, false))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn refusal() -> Problem {
    let problem = Problem::new(429, "try again in 3 s").with_member("policy", "orders");
    problem.with_retry_after(3)
}

/// What the client of a request of acme's is told.
fn told(wording: &str, rule: Option<&str>) -> Problem {
    let identity = Identity {
        subject: Some("alice \"\n".to_owned()),
        consumer: Some("acme".to_owned()),
        tier: Some("t".repeat(LONGEST_NAME + 1)),
        ..Identity::default()
    };
    let mut problem = refusal();
    let refused = Refused { code: "rate_limit.exceeded", rule, identity: Some(&identity) };
    read(wording).unwrap().put_on(&mut problem, &refused);
    problem
}

#[test]
fn what_is_given_takes_the_place_of_the_filter_s_and_the_rest_stays() {
    let problem = told(r#"{"status": 403, "title": "Quota", "detail": "Call us."}"#, None);
    let document: serde_json::Value =
        serde_json::from_slice(&problem.document("rate_limit.exceeded")).unwrap();
    let want = serde_json::json!({"type": "about:blank", "title": "Quota", "status": 403,
        "code": "rate_limit.exceeded", "detail": "Call us.", "policy": "orders"});
    assert_eq!(document, want);
    let kept = refusal();
    assert_eq!((problem.grpc, &problem.headers), (kept.grpc, &kept.headers));
    for (wording, want) in [
        (r#"{"status": 503}"#, Problem { status: 503, ..refusal() }),
        (r#"{"title": "Quota"}"#, Problem { title: Some("Quota".into()), ..refusal() }),
        (r#"{"detail": "No."}"#, Problem { detail: "No.".into(), ..refusal() }),
    ] {
        assert_eq!(told(wording, None), want, "{wording}");
    }
}

#[test]
fn a_detail_is_made_of_what_the_gateway_knows() {
    for (detail, want) in [
        ("${code}: ${detail}", "rate_limit.exceeded: try again in 3 s"),
        ("wait ${retry_after} s, ${identity.consumer}", "wait 3 s, acme"),
        ("${identity.consumer | upper}$$", "ACME$"),
        ("${identity.subject}", "alice \"\n"),
        ("by ${rule}", "by orders"),
        // What is too long to be said is missing, and then the filter's own sentence stands.
        ("${identity.tier}", "try again in 3 s"),
        ("${identity.tier | default: none}", "none"),
    ] {
        let wording = serde_json::json!({"detail": detail}).to_string();
        assert_eq!(told(&wording, Some("orders")).detail, want, "{detail}");
    }
    assert_eq!(told(r#"{"detail": "by ${rule}"}"#, None).detail, "try again in 3 s");
}

#[test]
fn who_it_was_is_asked_for_only_where_it_is_told() {
    for (wording, want) in [
        (r#"{"detail": "${identity.tier | default: x}"}"#, true),
        (r#"{"detail": "${detail} ${rule}"}"#, false),
        (r#"{"status": 403}"#, false),
    ] {
        assert_eq!(read(wording).unwrap().tells_identity(), want, "{wording}");
    }
}

#[test]
fn no_words_can_hold_what_a_client_has_sent() {
    for placeholder in [
        "header.authorization",
        "header.cookie",
        "query.key",
        "path",
        "path.id",
        "host",
        "method",
        "claim.email",
        "identity.groups",
        "response.status",
    ] {
        let wording = format!(r#"{{"detail": "x ${{{placeholder}}}"}}"#);
        let fault = read(&wording).unwrap_err();
        assert!(fault.contains("is none that a refusal knows; known here: detail"), "{fault}");
        assert!(fault.starts_with("detail: "), "{fault}");
    }
}

#[test]
fn what_is_no_refusal_is_a_fault_with_its_path() {
    let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(LONGEST_TITLE + 1));
    for (json, want) in [
        ("{}", "says nothing: at least one of status, title, detail is needed"),
        (r#""No.""#, "must be a mapping of fields"),
        (r#"{"status": 200}"#, "status: must be from 400 to 599"),
        (r#"{"status": 600}"#, "status: must be from 400 to 599"),
        (r#"{"status": 401}"#, "status: cannot be 401: the answer would lack a challenge"),
        (r#"{"status": 407}"#, "status: cannot be 407: the answer would lack a challenge of the"),
        (r#"{"status": 426}"#, "status: cannot be 426: the answer would lack an `upgrade`"),
        (r#"{"title": ""}"#, "title: must not be empty"),
        (r#"{"title": "a\nb"}"#, "title: must be one line of at most 200 bytes"),
        (&long, "title: must be one line of at most 200 bytes"),
        (r#"{"detail": "${"}"#, "detail: `${` (character 1): has no closing brace"),
        (r#"{"detail": "$5"}"#, "detail: "),
        (r#"{"text": "x"}"#, "text: unknown field"),
    ] {
        let fault = read(json).unwrap_err();
        assert!(fault.contains(want), "{json}: {fault}");
    }
    let asks = config::read(br#"{"status": 401}"#, |node| Wording::read(&node, true));
    assert!(asks.is_ok());
}

#[test]
fn when_to_try_again_is_the_field_s_number() {
    let (name, value) = (HeaderName::from_static("x-a"), HeaderValue::from_number(7));
    assert_eq!(Problem::new(429, "").with_header(name, value).retry_after(), None);
    assert_eq!(refusal().retry_after(), Some(&b"3"[..]));
}
