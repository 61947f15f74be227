use super::*;

/// What a rule's `match` asks of the client and nobody can tell allows nobody, and denies.
#[test]
fn a_match_that_cannot_be_told_never_allows_and_denies() {
    let unknown_address = FakeHost::default();
    unknown_address.set(Attribute::SourceAddress, "/run/client.sock");
    let free = FakeHost::default();
    free.identify(&Identity { tier: Some("free".to_owned()), ..Identity::default() });
    let inside = json!({"sources": ["10.0.0.0/8"]});
    let is_free = json!({"identity": {"tiers": ["free"]}});
    let (allowed, refused) = (None, Some(403));
    for (case, host, condition, action, want) in [
        ("inside", &unknown_address, inside.clone(), "allow", refused),
        ("inside", &unknown_address, inside.clone(), "deny", refused),
        ("outside", &unknown_address, json!({"not": inside}), "allow", refused),
        ("outside", &unknown_address, json!({"not": inside}), "deny", refused),
        ("a tier", &free, is_free.clone(), "allow", allowed),
        ("not a tier", &free, json!({"not": is_free}), "allow", refused),
        ("not a tier", &free, json!({"not": is_free}), "deny", allowed),
        // Who leaves his identity at home is not somebody else.
        ("a tier of nobody", &unknown_address, is_free.clone(), "allow", refused),
        ("a tier of nobody", &unknown_address, is_free.clone(), "deny", allowed),
        ("not a tier of nobody", &unknown_address, json!({"not": is_free}), "allow", refused),
        ("not a tier of nobody", &unknown_address, json!({"not": is_free}), "deny", refused),
    ] {
        let mut rules = vec![json!({"match": condition, "action": action})];
        if action == "deny" {
            rules.push(json!({"action": "allow"}));
        }
        let outcome = get(&filter(json!(rules)), host, "/a");
        assert_eq!(outcome.status(), want, "{case}, {action}");
    }
}
