use super::*;
use gatehouse_filter::{Headers, config};
use gatehouse_filter_test::FakeHost;
use serde_json::json;

fn of(amount: &str, identity: Option<Identity>) -> u32 {
    let host = FakeHost::default();
    identity.iter().for_each(|identity| host.identify(identity));
    let request = Request::new(Headers::from_list::<&str, &str>(&[]), &host);
    let amount = config::read(amount.as_bytes(), Amount::read).unwrap();
    let number = amount.of(&request);
    assert!((amount.least()..=amount.most()).contains(&number), "{amount:?}");
    number
}

fn with_claim(claim: Value) -> Option<Identity> {
    let mut identity = Identity::default();
    identity.claims.insert("quota".to_owned(), json!({"minute": claim}));
    Some(identity)
}

#[test]
fn an_amount_may_depend_on_the_tier() {
    let tiers = r#"{"tier": {"gold": 1000, "none": 0}, "default": 10}"#;
    let tier = |name: &str| Some(Identity { tier: Some(name.to_owned()), ..Identity::default() });
    for (identity, want) in [
        (tier("gold"), 1_000),
        (tier("none"), 0),
        (tier("Gold"), 10),
        (tier(""), 10),
        (Some(Identity::default()), 10),
        (None, 10),
    ] {
        assert_eq!(of(tiers, identity.clone()), want, "{identity:?}");
        assert_eq!(of("7", identity), 7);
    }
}

#[test]
fn an_amount_may_be_a_claim_within_bounds() {
    let claim = r#"{"claim": "quota.minute", "most": 500, "default": 10}"#;
    for (value, want) in [
        (json!(250), 250),
        (json!("250"), 250),
        (json!(0), 0),
        (json!(501), 500),
        (json!(u64::MAX), 500),
        (json!("18446744073709551616"), 10),
        (json!(-1), 10),
        (json!(1.5), 10),
        (json!("many"), 10),
        (json!(""), 10),
        (json!(null), 10),
        (json!(true), 10),
        (json!([250]), 10),
        (json!({"a": 250}), 10),
    ] {
        assert_eq!(of(claim, with_claim(value.clone())), want, "{value}");
    }
    assert_eq!(of(claim, Some(Identity::default())), 10);
    assert_eq!(of(claim, None), 10);
}

#[test]
fn an_amount_may_depend_on_the_text_of_a_claim() {
    let plans = r#"{"claim": "quota.minute", "values": {"gold": 1000, "1": 2}, "default": 10}"#;
    for (value, want) in [
        (json!("gold"), 1_000),
        (json!("1"), 2),
        (json!(1), 10),
        (json!("free"), 10),
        (json!(["gold"]), 10),
        (json!(null), 10),
    ] {
        assert_eq!(of(plans, with_claim(value.clone())), want, "{value}");
    }
    assert_eq!(of(plans, None), 10);
}

#[test]
fn an_amount_may_depend_on_the_consumer() {
    let consumers = r#"{"consumer": {"acme": 1000, "test": 0}, "default": 10}"#;
    let consumer =
        |name: &str| Some(Identity { consumer: Some(name.to_owned()), ..Identity::default() });
    for (identity, want) in [
        (consumer("acme"), 1_000),
        (consumer("test"), 0),
        (consumer("Acme"), 10),
        (consumer(""), 10),
        (Some(Identity { tier: Some("acme".to_owned()), ..Identity::default() }), 10),
        (None, 10),
    ] {
        assert_eq!(of(consumers, identity.clone()), want, "{identity:?}");
    }
}

#[test]
fn an_amount_may_be_a_header_within_bounds() {
    let amount = r#"{"header": "X-Quota", "most": 500, "default": 10}"#;
    let amount = config::read(amount.as_bytes(), Amount::read).unwrap();
    assert_eq!((amount.least(), amount.most()), (0, 500));
    let host = FakeHost::default();
    let of = |fields: &[(&str, &[u8])]| amount.of(&Request::new(Headers::from_list(fields), &host));
    for (value, want) in [
        (&b"100"[..], 100),
        (b" 100 ", 100),
        (b"0", 0),
        (b"500", 500),
        (b"501", 500),
        (b"99999999999999999999", 500),
        (b"", 10),
        (b"-1", 10),
        (b"+1", 10),
        (b"1.5", 10),
        (b"1e3", 10),
        (b"0x10", 10),
        (b"100, 100", 10),
        (b"\xff", 10),
        ("\u{661}".as_bytes(), 10),
    ] {
        assert_eq!(of(&[("x-quota", value)]), want, "{}", value.escape_ascii());
    }
    assert_eq!(of(&[]), 10);
    assert_eq!(of(&[("x-quota", b"100"), ("x-quota", b"100")]), 10, "who says it twice");
}
