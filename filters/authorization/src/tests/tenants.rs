use super::*;

fn of(claims: Value) -> FakeHost {
    let host = FakeHost::default();
    let claims = claims.as_object().unwrap().clone();
    host.identify(&Identity { subject: Some("alice".to_owned()), claims, ..Identity::default() });
    host
}

/// Whether a rule for whose claim `tenant` is what the request says allows and denies: `None` where
/// that cannot be told.
fn is_tenant(says: &Value, tenant: &Value, head: &[(&str, &[u8])]) -> Option<bool> {
    let rule = |action| {
        json!({"action": action, "match": {"path": {"template": "/{first}/{rest=**}"}},
            "principals": [{"claims": [{"path": "tenant", "any": [says]}]}]})
    };
    let host = of(json!({"tenant": tenant}));
    let allows = ask(&filter(json!([rule("allow")])), &host, head).decision.code == Code::Allowed;
    let rules = json!([rule("deny"), {"action": "allow"}]);
    let denies = ask(&filter(rules), &host, head).decision.code == Code::Denied;
    match (allows, denies) {
        (true, true) => Some(true),
        (false, false) => Some(false),
        (false, true) => None,
        (true, false) => panic!("{says}: it allows what it does not deny"),
    }
}

#[test]
fn a_claim_is_compared_with_what_the_request_says() {
    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);
    type Field = (&'static str, &'static [u8]);
    let (header, query) = (json!({"header": "X-Tenant"}), json!({"query": "tenant"}));
    let (label, host) = (json!({"host": "*.example.com"}), json!({"host": "*"}));
    let capture = json!({"capture": "first"});
    let acme = json!("acme");
    for (says, tenant, fields, want) in [
        (&capture, &acme, &[(":path", b"/acme/x" as &[u8])] as &[Field], YES),
        (&capture, &acme, &[(":path", b"/other/x")], NO),
        (&header, &acme, &[("x-tenant", b"acme")], YES),
        (&header, &json!(["other", "acme"]), &[("x-tenant", b"acme")], YES),
        (&header, &acme, &[("x-tenant", b"other")], NO),
        (&header, &acme, &[("x-tenant", b"Acme")], NO),
        (&header, &acme, &[("x-tenant", b"acme, other")], NO),
        (&header, &acme, &[("x-tenant", b"acm\xff")], NO),
        (&header, &acme, &[], NO),
        (&header, &json!(""), &[("x-tenant", b"")], NO),
        (&header, &json!(null), &[("x-tenant", b"null")], NO),
        (&header, &json!(42), &[("x-tenant", b"42")], YES),
        (&header, &json!(42), &[("x-tenant", b"042")], NO),
        (&header, &json!(true), &[("x-tenant", b"true")], NO),
        (&header, &acme, &[("x-tenant", b"acme"), ("x-tenant", b"other")], None),
        (&header, &acme, &[("x-tenant", b"acme"), ("x_tenant", b"other")], None),
        (&header, &acme, &[("x_tenant", b"acme")], None),
        (&query, &acme, &[(":path", b"/a?tenant=acme")], YES),
        (&query, &acme, &[(":path", b"/a?b=c&t%65nant=%61cme")], YES),
        (&query, &acme, &[(":path", b"/a?tenant=other")], NO),
        (&query, &acme, &[(":path", b"/a")], NO),
        (&query, &json!(""), &[(":path", b"/a?tenant=")], NO),
        (&query, &acme, &[(":path", b"/a?tenant=acme&tenant=other")], None),
        (&query, &acme, &[(":path", b"/a?tenant=acme&Tenant=other")], None),
        (&query, &acme, &[(":path", b"/a?tenant[]=acme")], None),
        (&query, &acme, &[(":path", b"/a?x;tenant=acme")], None),
        (&query, &acme, &[(":path", b"/a?tenant=%2561cme")], None),
        (&query, &acme, &[(":path", b"/a?tenant=acme%00")], None),
        (&label, &acme, &[(":authority", b"acme.example.com")], YES),
        (&label, &acme, &[(":authority", b"Acme.Example.com:8443")], YES),
        (&label, &acme, &[(":authority", b"acme.example.com.")], YES),
        (&label, &acme, &[(":authority", b"other.example.com")], NO),
        (&label, &acme, &[(":authority", b"acme.other.example.com")], NO),
        (&label, &acme, &[(":authority", b"acme.example.org")], NO),
        (&label, &json!(""), &[(":authority", b"example.com")], NO),
        (&label, &acme, &[(":authority", b"acme.example.com,other.example.com")], None),
        (&label, &acme, &[(":authority", b"acme@acme.example.com")], None),
        (&host, &json!("acme.example.com"), &[(":authority", b"acme.example.com:80")], YES),
        (&host, &acme, &[(":authority", b"acme.example.com")], NO),
    ] {
        let mut head: Vec<Field> = vec![(":path", b"/a/b"), (":authority", b"a.example")];
        head.retain(|(name, _)| fields.iter().all(|(given, _)| given != name));
        head.extend(fields);
        assert_eq!(is_tenant(says, tenant, &head), want, "{says} {tenant} {fields:?}");
    }
}

#[test]
fn claims_are_found_in_lists_of_objects_and_in_one_text() {
    let host = of(json!({
        "authorization": {"permissions": [
            {"rsname": "orders", "scopes": ["read", "write"]}, {"rsname": "users"}, null, 7,
        ]},
        "roles": "admin, billing:read ,,user",
        "scope": "a b",
        "lists": ["x y", "z", 1],
        "number": 1,
        "empty": "",
    }));
    for (claim, want) in [
        (json!({"path": "authorization.permissions[*].rsname", "any": ["users"]}), true),
        (json!({"path": "authorization.permissions[*].rsname", "all": ["users", "orders"]}), true),
        (json!({"path": "authorization.permissions[*].rsname", "any": ["products"]}), false),
        (json!({"path": "authorization.permissions[*].rsname", "any": [{"prefix": "ord"}]}), true),
        (json!({"path": "authorization.permissions[*].scopes", "all": ["read", "write"]}), true),
        (json!({"path": "authorization.permissions[*].rsname", "present": true}), true),
        (json!({"path": "authorization.permissions[*].none", "present": true}), false),
        (json!({"path": "authorization.permissions[*].none", "present": false}), true),
        (json!({"path": "authorization.permissions.rsname", "any": ["users"]}), false),
        (json!({"path": "roles", "any": ["admin"]}), false),
        (json!({"path": "roles", "separator": ",", "any": ["admin"]}), true),
        (json!({"path": "roles", "separator": ",", "all": ["user", "billing:read"]}), true),
        (json!({"path": "roles", "separator": ",", "any": ["bill"]}), false),
        (json!({"path": "roles", "separator": ",", "any": [{"suffix": ":read"}]}), true),
        (json!({"path": "roles", "separator": ",", "any": [{"regex": "^$"}]}), false),
        (json!({"path": "scope", "separator": " ", "all": ["a", "b"]}), true),
        (json!({"path": "lists", "separator": " ", "all": ["x", "y", "z", 1]}), true),
        (json!({"path": "number", "separator": " ", "any": [1]}), true),
        (json!({"path": "number", "separator": " ", "any": ["1"]}), false),
        (json!({"path": "empty", "separator": " ", "any": [{"regex": "^"}]}), false),
        (json!({"path": "none", "separator": " ", "any": ["a"]}), false),
        (json!({"path": "roles", "any": [{"regex": "(^|, )admin(,|$)"}]}), true),
        (json!({"path": "number", "any": [{"regex": "1"}]}), false),
    ] {
        let rule = json!([{"action": "allow", "principals": [{"claims": [claim]}]}]);
        let have = get(&filter(rule), &host, "/").decision.code == Code::Allowed;
        assert_eq!(have, want, "{claim}");
    }
}
