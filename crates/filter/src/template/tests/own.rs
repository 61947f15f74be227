//! Placeholders of a filter's own, and what is done with the pieces of a template.

use super::*;

/// A filter that knows two facts: a text, and one that is missing.
#[derive(Debug)]
struct Own;

impl OwnNames for Own {
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>> {
        let name = placeholder.strip_prefix("own.")?;
        Some(match name {
            "text" => Ok(0),
            "missing" => Ok(1),
            name => Err(format!("there is no `{name}`")),
        })
    }

    fn spellings(&self) -> &'static str {
        "own.NAME"
    }
}

impl OwnFacts for Own {
    fn render(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(b"a/b");
        (number == 0).then_some(())
    }

    fn render_json(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(b"\"a/b\"");
        (number == 0).then_some(())
    }
}

#[test]
fn a_filter_has_placeholders_of_its_own() {
    let scope = Scope { own: Some(&Own), ..Scope::default() };
    let sources = Sources { own: Some(&Own), ..Sources::default() };
    for (text, want) in [
        ("${own.text}", Some("a/b")),
        ("x${own.text | upper}", Some("xA/B")),
        ("${own.missing}", None),
        ("${own.missing | default: none}", Some("none")),
    ] {
        let mut out = Vec::new();
        let found = Template::parse(text, &scope).unwrap().render(&sources, &mut out);
        assert_eq!(found.map(|()| String::from_utf8(out).unwrap()).as_deref(), want, "{text}");
    }
    for (text, want) in [
        ("${own.other}", "there is no `other`"),
        ("${on.text}", "identity.PART, claim.PATH, own.NAME"),
    ] {
        let fault = Template::parse(text, &scope).unwrap_err().to_string();
        assert!(fault.ends_with(want), "{text}: {fault}");
    }
    // Without such a filter, it is no placeholder.
    assert!(Template::parse("${own.text}", &Scope::default()).is_err());
    let only = |text| Template::parse(text, &scope).unwrap().only_own();
    assert_eq!(
        [only("${own.missing}"), only("${own.text | lower}"), only("${own.text}!")],
        [Some(1), None, None]
    );
}

#[test]
fn facts_are_encoded_and_literal_text_is_not() {
    let scope = Scope { own: Some(&Own), ..Scope::default() };
    let sources = Sources { own: Some(&Own), ..Sources::default() };
    let template = Template::parse("/x/${own.text}?y=/", &scope).unwrap();
    let mut out = b"before".to_vec();
    let encode = |fact: &[u8], out: &mut Vec<u8>| {
        out.extend(crate::percent_encoded(fact));
        Some(())
    };
    assert_eq!(template.render_encoded(&sources, &mut out, encode), Some(()));
    assert_eq!(out, b"before/x/a%2Fb?y=/");
    assert_eq!(template.render_encoded(&sources, &mut out, |_, _| None), None);
    assert_eq!(out, b"before/x/a%2Fb?y=/", "what is refused leaves nothing behind");
}

#[test]
fn a_template_comes_apart_at_a_byte_of_its_literal_text() {
    let template = |text| Template::parse(text, &SCOPE).unwrap();
    for (text, before, after) in [
        ("/a?b", "/a", Some("b")),
        ("/${path.id}?b=${method}?", "/${path.id}", Some("b=${method}?")),
        ("?${method}", "", Some("${method}")),
        ("${method}?", "${method}", Some("")),
        ("/a/${method}", "/a/${method}", None),
    ] {
        let (have, rest) = template(text).split_at(b'?');
        assert_eq!((have, rest), (template(before), after.map(template)), "{text}");
    }
}
