//! Files of both formats.

use super::*;

#[test]
fn json_has_places_too_and_its_faults_say_where() {
    let document = read("{\n  \"a\": [1, {\"b\": 2}]\n}", Format::Json).unwrap();
    assert_eq!(document.places.find("a[1].b").unwrap().to_string(), "2:13");
    for (text, want) in [
        ("{\"a\": 1,}", Some("1:9")),
        ("{\n\"a\" 1}", Some("2:5")),
        ("{\"a\": 1, \"a\": 2}", None),
        ("\u{feff}{}", Some("1:1")),
        ("", Some("1:1")),
    ] {
        let fault = read(text, Format::Json).unwrap_err();
        let at = fault.position.map(|position| position.to_string());
        if want.is_some() {
            assert_eq!(at.as_deref(), want, "{text}: {fault:?}");
        }
        assert!(!fault.what.contains(" at line "), "{text}: {fault:?}");
    }
}

#[test]
fn the_name_says_the_format() {
    for (name, want) in [
        ("a.yaml", Format::Yaml),
        ("a.YML", Format::Yaml),
        ("a.json", Format::Json),
        ("a", Format::Json),
        ("a.yaml.txt", Format::Json),
    ] {
        assert_eq!(Format::of(Path::new(name)), want, "{name}");
    }
}
