use super::*;

fn faults(json: &str, reader: impl FnOnce(Node<'_>) -> Option<()>) -> Vec<String> {
    match read(json.as_bytes(), reader) {
        Ok(()) => vec![],
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

fn provider(node: Node<'_>) -> Option<()> {
    let mut fields = node.fields()?;
    let issuer = fields.required("issuer", |node| node.text().map(drop));
    let audiences =
        fields.optional("audiences", |node| node.nonempty_list(|node| node.text().map(drop)));
    let leeway = fields.with_default("leeway", Duration::ZERO, |node| node.duration());
    fields.finish();
    issuer?;
    audiences?;
    leeway?;
    Some(())
}

fn providers(node: Node<'_>) -> Option<()> {
    let mut fields = node.fields()?;
    let providers = fields.required("providers", |node| node.list(provider));
    fields.finish();
    providers.map(drop)
}

#[test]
fn every_fault_is_told_with_the_path_of_its_field() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"providers": [{"issuer": "a"}]}"#, &[]),
        (
            r#"{"providers": [{"issuer": "a", "audiences": null}]}"#,
            &["providers[0].audiences: has no value: give it one, or take it out"],
        ),
        (
            r#"{"providers": [{"issuer": null}]}"#,
            &["providers[0].issuer: has no value: give it one, or take it out"],
        ),
        (r#"{"providers": [{}]}"#, &["providers[0].issuer: is required"]),
        (r#"{"providers": [{"issuer": ""}]}"#, &["providers[0].issuer: must not be empty"]),
        (r#"{"providers": [{"issuer": 1}]}"#, &["providers[0].issuer: must be text"]),
        (
            r#"{"providers": [{"issuer": "a", "audience": ["b"]}]}"#,
            &["providers[0].audience: unknown field, did you mean `audiences`?"],
        ),
        (
            r#"{"providers": [{"issuer": "a", "zzz": 1}]}"#,
            &["providers[0].zzz: unknown field; known here: issuer, audiences, leeway"],
        ),
        (
            r#"{"providers": [{"audiences": []}, {"issuer": "a", "audiences": ["b", 1], "leeway": 5}]}"#,
            &[
                "providers[0].issuer: is required",
                "providers[0].audiences: must not be empty",
                "providers[1].audiences[1]: must be text",
                "providers[1].leeway: must be a duration with a unit (ms, s, m, h, d), such as 30s",
            ],
        ),
        (r#"{"providers": {}}"#, &["providers: must be a list"]),
        ("[]", &["must be a mapping of fields"]),
        ("", &["is not JSON: EOF while parsing a value at line 1 column 0"]),
    ];
    for (json, want) in cases {
        assert_eq!(&faults(json, providers), want, "{json}");
    }
}

#[test]
fn durations_and_sizes_need_a_unit() {
    let duration = |text: &str| units::duration(text).map(|duration| duration.as_millis());
    for (text, want) in [
        ("500ms", Some(500)),
        ("30s", Some(30_000)),
        ("5m", Some(300_000)),
        ("1h", Some(3_600_000)),
        ("7d", Some(604_800_000)),
        ("0s", Some(0)),
        ("30", None),
        ("s", None),
        ("-1s", None),
        ("1.5s", None),
        (" 1s", None),
        ("99999999999999999999s", None),
        ("18446744073709551615d", None),
        ("ä", None),
    ] {
        assert_eq!(duration(text), want, "{text}");
    }
    for (text, want) in
        [("64KiB", Some(65_536)), ("1B", Some(1)), ("1GiB", Some(1 << 30)), ("64KB", None)]
    {
        assert_eq!(units::size(text), want, "{text}");
    }
}

#[test]
fn a_number_out_of_range_is_told_the_range() {
    let number = |json: &str| faults(json, |node| node.integer(1..=10).map(drop));
    assert_eq!(number("10"), Vec::<String>::new());
    for bad in ["0", "11", "-1", "\"11\""] {
        assert_eq!(number(bad), ["must be from 1 to 10"], "{bad}");
    }
    for bad in ["1.5", "\"1.5\"", "\"\"", "\"x\"", "\"-1x\"", "[]", "1e300", "\"inf\""] {
        assert_eq!(number(bad), ["must be a whole number; must be from 1 to 10"], "{bad}");
    }
    // Here the notation is at fault.
    for (bad, written) in [("5.0", "5"), ("1e3", "1000"), ("\"1e3\"", "1000"), ("\"2.0\"", "2")] {
        let want = format!("must be written in digits alone, as {written}; must be from 1 to 10");
        assert_eq!(number(bad), [want], "{bad}");
    }
    // Envoy has made a text of it.
    assert_eq!(number("\"7\""), Vec::<String>::new());
}

#[test]
fn a_mapping_that_its_reader_does_not_finish_is_a_fault_of_the_filter() {
    let unfinished = |node: Node<'_>| {
        let mut fields = node.fields()?;
        fields.required("name", |node| node.text().map(str::to_owned))
    };
    let told = |json: &[u8]| {
        let faults = read(json, unfinished).err().unwrap_or_default();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let forgotten = "is not read to its end, which is a fault of the filter";
    assert!(told(br#"{"name": "a", "mod": "shadow"}"#)[0].ends_with(forgotten));
    // Who gave up for a reason has told it.
    assert_eq!(told(br#"{"name": 1}"#).len(), 1);
}
