//! What the readers make of texts.

use super::*;
use serde_json::json;

fn read(text: &str) -> Result<Value, Fault> {
    one(text).map(|document| document.tree)
}

/// What Envoy 1.40 made of each, in the metadata of its node.
#[test]
fn a_plain_word_is_what_envoy_takes_it_for() {
    for (text, want) in [
        ("[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]", Value::from(vec![true; 11])),
        ("[n, N, no, No, NO, off, Off, OFF, false, False]", Value::from(vec![false; 10])),
        ("[nO, tRUE, yEs, nULL]", json!(["nO", "tRUE", "yEs", "nULL"])),
        ("[null, ~, Null, NULL, '', \"\"]", json!([null, null, null, null, "", ""])),
        ("[1, -1, +1, 0, 010, 0x1F, 0X1f, -0x1]", json!([1, -1, 1, 0, 8, 31, 31, -1])),
        ("[0o10, 1_000, 0b11, 08, 1:30, 0x, -a]", {
            json!(["0o10", "1_000", "0b11", "08", "1:30", "0x", "-a"])
        }),
        ("[2147483647, 2147483648, -2147483649]", {
            json!([2_147_483_647, "2147483648", "-2147483649"])
        }),
        ("[9007199254740993, 99999999999999999999, 0x100000000]", {
            json!(["9007199254740993", "99999999999999999999", "4294967296"])
        }),
        ("[1.5, 1e3, .5, 5., .inf, .nan, 1.0]", {
            json!(["1.5", "1e3", ".5", "5.", ".inf", ".nan", "1.0"])
        }),
        ("['1', \"yes\", 'null', 2001-01-01]", json!(["1", "yes", "null", "2001-01-01"])),
        ("[!!str 1, !!int \"1\", ! 1, !foo 1, !!str yes, !!null x]", {
            json!([1, 1, "1", 1, true, "x"])
        }),
        ("[!!str null, !!str '', !!bool \"true\"]", json!(["null", "", true])),
        ("a: |\n  1\nb: >-\n  yes\nc:", json!({"a": "1\n", "b": "yes", "c": null})),
        ("[&a yes, *a, &b \"yes\", *b]", json!([true, true, "yes", "yes"])),
        ("{1: a, true: b, 1.5: c, '': d, ~: e}", {
            json!({"1": "a", "true": "b", "1.5": "c", "": "d", "null": "e"})
        }),
        ("{<<: {a: 1}, b: 2}", json!({"<<": {"a": 1}, "b": 2})),
        ("{!ignore a: &x {c: 1}, b: *x}", json!({"b": {"c": 1}})),
        ("%YAML 1.1\n---\na: 1\n...\n", json!({"a": 1})),
        ("", Value::Null),
    ] {
        assert_eq!(read(text).unwrap_or_else(|fault| panic!("{text}: {fault}")), want, "{text}");
    }
}

#[test]
fn what_envoy_passes_over_is_a_fault() {
    let bomb: String = (1..30_u32).map(|n| format!("- &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
    for (text, want) in [
        ("a: {b: 1, b: 2}", "line 1: `a.b` comes twice: Envoy would take the last one"),
        ("a:\n- c: 1\n- d: 1\n  d: 2", "line 4: `a[1].d` comes twice"),
        ("a: 1\n---\nb: 2", "has another document: Envoy reads the first one only"),
        ("a: *x", ""),
        ("? [a]\n: 1", "line 1: a name must be a word"),
        ("a: [", ""),
        ("&a [*a]", "line 1: an alias stands for what is not there yet"),
        (&format!("- &a0 1\n{bomb}"), "aliases make more than 1000000 values"),
    ] {
        let fault = read(text).expect_err(text).to_string();
        assert!(fault.contains(want), "{text}: {fault}");
    }
}

/// As `kubectl` reads them (sigs.k8s.io/yaml).
#[test]
fn a_plain_word_is_what_kubernetes_takes_it_for() {
    for (text, want) in [
        ("[yes, On, FALSE, n]", json!([true, true, false, false])),
        ("[null, ~, '', \"yes\", !!str 1, ! yes]", json!([null, null, "", "yes", "1", "yes"])),
        ("[1, -1, +1, 010, 0o10, 0x1F, 0b11, 1_000]", json!([1, -1, 1, 8, 8, 31, 3, 1000])),
        ("[1.5, 1e3, .5, 1_0.5]", json!([1.5, 1000.0, 0.5, 10.5])),
        ("[2147483648, 9007199254740993]", json!([2_147_483_648_u64, 9_007_199_254_740_993_u64])),
        ("[99999999999999999999, -9223372036854775808]", json!([1e20, i64::MIN])),
        ("[.inf, .nan, 1:30, 08, +, 0x, e, 2001-01-01, 1.2.3]", {
            json!([".inf", ".nan", "1:30", 8.0, "+", "0x", "e", "2001-01-01", "1.2.3"])
        }),
    ] {
        let read = all(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(read.tree[0], want, "{text}");
    }
}

#[test]
fn kubernetes_reads_all_documents_and_merges() {
    let trees =
        |text: &str| -> Value { all(text).unwrap_or_else(|fault| panic!("{text}: {fault}")).tree };
    for (text, want) in [
        ("", json!([])),
        ("a: 1\n---\nb: 2\n---\n", json!([{"a": 1}, {"b": 2}, null])),
        ("{<<: {a: 1, b: 1}, b: 2}", json!([{"a": 1, "b": 2}])),
        ("{<<: [{a: 1}, {a: 2, b: 2}]}", json!([{"a": 1, "b": 2}])),
        ("[&x {a: 1}, {<<: *x, c: 3}]", json!([[{"a": 1}, {"a": 1, "c": 3}]])),
        ("{'<<': {a: 1}}", json!([{"<<": {"a": 1}}])),
    ] {
        assert_eq!(trees(text), want, "{text}");
    }
    for (text, want) in [
        ("{<<: 1}", "line 1: `<<` must be a mapping, or a list of mappings"),
        ("{<<: [1]}", "line 1: `<<` must be a mapping, or a list of mappings"),
        ("a: 1\na: 2", "line 2: `a` comes twice: only one of the two would count"),
    ] {
        assert_eq!(all(text).unwrap_err().to_string(), want, "{text}");
    }
}

#[test]
fn every_value_has_its_place() {
    const TEXT: &str = "\
shared: &rules
  - match: {methods: [GET]}
    limits:
      - {requests: 1,
         window: 60s}
used:
  rules: *rules
  dotted.name: {x: 1}
  vmConfig: {é: 1, z: 2}
wrapped:
  type_url: a
  value:
    inner: 1
";
    let envoy = one(TEXT).unwrap().places;
    for (path, want) in [
        ("", "1:1"),
        ("shared", "1:1"),
        ("shared[0]", "2:5"),
        ("shared[0].match.methods", "2:13"),
        ("shared[0].limits[0].window", "5:10"),
        // An alias leads to what it stands for.
        ("used.rules", "7:3"),
        ("used.rules[0].limits[0].requests", "4:10"),
        ("used.dotted.name.x", "8:17"),
        ("used.vm_config.z", "9:20"),
        ("wrapped.inner", "13:5"),
        // What is not there is where it should be.
        ("used.rules[0].limits[7].requests", "3:5"),
        ("used.rules[0].lim", "2:5"),
        ("nowhere", "1:1"),
    ] {
        assert_eq!(envoy.find(path).unwrap().to_string(), want, "{path}");
    }
    let merged = all("a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n---\nc: 3\n").unwrap();
    for (path, want) in [("[0].b.x", "2:3"), ("[0].b.y", "5:3"), ("[1].c", "7:1")] {
        assert_eq!(merged.places.find(path).unwrap().to_string(), want, "{path}");
    }
    assert_eq!(one("").unwrap().places.find("a"), None);
}

#[test]
fn what_is_nested_too_deep_is_a_fault_and_ends_nothing() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let fault = one(&text).unwrap_err();
        assert!(fault.position.is_some(), "{fault}");
        assert!(all(&text).is_err());
    }
}
