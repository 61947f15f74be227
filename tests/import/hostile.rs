//! Files that cannot be imported: a line and a reason, and never a panic.

use gatehouse_import::{Options, import};

#[test]
fn a_file_that_cannot_be_imported_is_told_with_its_line() {
    let kong = |rest: &str| format!("_format_version: \"3.0\"\n{rest}");
    let krakend = |rest: &str| format!("{{\"version\": 3,\n\"endpoints\": [{rest}]}}");
    for (case, text, want) in [
        ("nothing", String::new(), "is empty"),
        ("a list", "[]".to_owned(), "neither of Kong"),
        ("another file", "a: 1".to_owned(), "neither of Kong"),
        ("another version", "_format_version: \"9\"".to_owned(), "line 1: _format_version: `9`"),
        ("no YAML", kong("services: ["), "is no YAML"),
        ("a text for a list", kong("services: x"), "line 2: services: must be a list"),
        ("a text for a mapping", kong("services:\n- x"), "line 3: services: must be a mapping"),
        (
            "no such service",
            kong("routes:\n- {name: r, service: x}"),
            "line 3: service: there is no",
        ),
        (
            "a service in another",
            kong(
                "services:\n- name: a\n  url: http://a\n- name: b\n  url: http://b\n  routes:\n  - {service: a}",
            ),
            "line 8: service: must be left out",
        ),
        (
            "two of one name",
            kong("services:\n- {name: a, url: http://a}\n- {name: a, url: http://b}"),
            "line 4: name: there are two of service `a`",
        ),
        (
            "two keys alike",
            kong(
                "consumers:\n- {username: a, keyauth_credentials: [{key: k}]}\n- {username: b, keyauth_credentials: [{key: k}]}",
            ),
            "line 4: key: another credential has the same",
        ),
        (
            "a plugin twice",
            kong("plugins:\n- {name: cors}\n- {name: cors}"),
            "line 4: plugins: `cors` comes twice",
        ),
        (
            "no URL",
            kong("services:\n- {name: a, url: nowhere}\nroutes: [{service: a}]"),
            "line 3: url: must be a URL",
        ),
        (
            "no host",
            kong("services:\n- {name: a}\nroutes: [{service: a}]"),
            "line 3: host: must be there",
        ),
        (
            "no network",
            kong(
                "services:\n- {name: a, url: 'http://a'}\nroutes: [{service: a}]\nplugins:\n- {name: ip-restriction, config: {allow: [x]}}",
            ),
            "line 6: allow: must be an address or a network",
        ),
        (
            "no group",
            kong(
                "services:\n- {name: a, url: 'http://a'}\nroutes: [{service: a}]\nplugins: [{name: acl}]",
            ),
            "line 5: acl: must have allow or deny",
        ),
        ("an alias to itself", "&a [*a]".to_owned(), "line 1: an alias"),
        ("no path", krakend("{}"), "line 2: endpoint: must be there"),
        ("no backend", krakend("{\"endpoint\": \"/a\"}"), "line 2: backend: must be a list of one"),
        (
            "no host for it",
            krakend("{\"endpoint\": \"/a\", \"backend\": [{\"url_pattern\": \"/b\"}]}"),
            "host: must be there",
        ),
        (
            "no duration",
            krakend("{\"endpoint\": \"/a\", \"timeout\": \"soon\"}"),
            "line 2: timeout: must be a duration",
        ),
        (
            "nested too deep",
            kong(&format!("services: {}{}", "[".repeat(100), "]".repeat(100))),
            "is nested deeper",
        ),
    ] {
        let fault = import(text.as_bytes(), case, &Options::default());
        let fault = fault.map(|import| import.envoy).expect_err(case).to_string();
        assert!(fault.contains(want), "{case}: {fault}");
    }
    let fault = import(b"_format_version: \"3.0\"\n# \xff", "bytes", &Options::default());
    assert_eq!(fault.map(|it| it.envoy).unwrap_err().to_string(), "line 2: is not UTF-8");
}
