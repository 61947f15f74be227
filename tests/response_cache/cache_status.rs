//! Reading `Cache-Status` (RFC 9211), a list of structured fields.

use gatehouse_sandbox::raw::Response;

/// A member of the list.
#[derive(Debug)]
pub(super) struct Member {
    parameters: Vec<String>,
}

impl Member {
    /// Whether it has a parameter of this name, or with `name=value` this value.
    pub(super) fn has(&self, wanted: &str) -> bool {
        self.parameters.iter().any(|parameter| {
            parameter == wanted || parameter.split('=').next().is_some_and(|name| name == wanted)
        })
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let named = |parameter: &&String| parameter.split('=').next() == Some(name);
        self.parameters.iter().find(named)?.split_once('=').map(|(_, value)| value)
    }
}

/// What the cache of this name says: the last member with it, for each cache adds itself at the end
/// (RFC 9211 §2).
pub(super) fn of(response: &Response, cache: &str) -> Option<Member> {
    let fields = response.header_all("cache-status");
    let text = fields.iter().map(|field| String::from_utf8_lossy(field)).collect::<Vec<_>>();
    split(&text.join(", "), ',').into_iter().rev().find_map(|member| {
        let mut parts = split(&member, ';').into_iter();
        (parts.next()? == cache).then(|| Member { parameters: parts.collect() })
    })
}

/// Splits where it is not in quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut is_quoted, mut is_escaped) = (vec![String::new()], false, false);
    for character in text.chars() {
        if character == at && !is_quoted {
            parts.push(String::new());
            continue;
        }
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && is_quoted && !is_escaped;
        parts.last_mut().expect("it begins with one").push(character);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

#[test]
fn the_last_member_of_the_name_is_read() {
    let response = |value: &str| Response {
        status: 200,
        headers: vec![(b"cache-status".to_vec(), value.as_bytes().to_vec())],
        body: Vec::new(),
        trailers: Vec::new(),
    };
    let told = response(
        r#"gatehouse; hit, other; fwd=miss; detail="a, \"b; c", gatehouse;fwd=stale;ttl=-3"#,
    );
    let member = of(&told, "gatehouse").expect("it is there");
    assert!(member.has("fwd=stale") && member.has("fwd") && !member.has("hit"));
    assert_eq!(member.value("ttl"), Some("-3"));
    assert_eq!(of(&told, "other").expect("it is there").value("detail"), Some(r#""a, \"b; c""#));
    assert!(of(&told, "third").is_none());
}
