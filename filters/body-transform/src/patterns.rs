//! Texts in which all that a pattern finds is replaced.

use crate::fault::Fault;
use gatehouse_filter::config::Node;
use regex_lite::Regex;

/// `replace: [PATTERN, TEXT]`: a text for all that a pattern finds.
#[derive(Debug)]
pub(crate) struct Replacement {
    regex: Regex,
    text: String,
    /// How far a search looks beyond what it finds, in bytes; `None` where that has no end.
    reach: Option<usize>,
}

/// The most bytes that searches may look at again, in one body: each begins where the one before it
/// has found something, and may look further than that.
pub(crate) const MOST_WORK: usize = 16 << 20;

impl Replacement {
    /// Reads `{replace: [PATTERN, TEXT]}`.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let read = fields.required("replace", |node| {
            // The text may be empty: then what is found goes.
            let texts = node.list(|node| Some((node.text_or_empty()?, node)))?;
            let [(pattern, at), (text, _)] = texts.as_slice() else {
                return node.fault("must be a list of two: the pattern and the text");
            };
            match Regex::new(pattern) {
                _ if pattern.is_empty() => at.fault("must not be empty"),
                Ok(regex) => Some(Self { regex, text: (*text).to_owned(), reach: reach(pattern) }),
                Err(error) => at.fault(format!("is not a valid pattern: {error}")),
            }
        });
        fields.finish();
        read
    }
}

/// The text with everything replaced, one pattern after the other.
///
/// # Errors
/// [`Fault`]: it is no UTF-8, becomes longer than `most`, or searches look at more than `most_work`
/// bytes again.
pub(crate) fn replaced(
    replacements: &[Replacement],
    text: Vec<u8>,
    most: usize,
    most_work: usize,
) -> Result<Vec<u8>, Fault> {
    let mut text = String::from_utf8(text).map_err(|_| Fault::NotText)?;
    let mut work = 0_usize;
    for Replacement { regex, text: by, reach } in replacements {
        let mut out = String::new();
        let mut rest = 0;
        for found in regex.captures_iter(&text) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(text.get(rest..whole.start()).unwrap_or_default());
            found.expand(by, &mut out);
            rest = whole.end();
            let left = text.len().saturating_sub(rest);
            work = work.saturating_add(reach.map_or(left, |reach| left.min(reach)));
            if work > most_work {
                return Err(Fault::TooManyFinds);
            }
            if out.len() > most {
                return Err(Fault::Overgrown);
            }
        }
        if rest > 0 || !out.is_empty() {
            out.push_str(text.get(rest..).unwrap_or_default());
            text = out;
        }
        if text.len() > most {
            return Err(Fault::Overgrown);
        }
    }
    Ok(text.into_bytes())
}

/// The most bytes that the pattern can look at from where it begins; `None` where there is no such
/// number, or a large one. Rather too much: every character of it counts, as often as it can be
/// repeated.
fn reach(pattern: &str) -> Option<usize> {
    const MOST: usize = 4096;
    let mut reach = pattern.len().checked_mul(4)?;
    // A comment of the verbose mode may have anything in it.
    if pattern.contains("(?") && pattern.contains('#') {
        return None;
    }
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            // A class in a class has no syntax here that would end the outer one too soon: then
            // what follows is taken for more than it is.
            '[' => in_class = true,
            ']' => in_class = false,
            '*' | '+' if !in_class => return None,
            '{' if !in_class => {
                let counts: String = chars.by_ref().take_while(|char| *char != '}').collect();
                let most = counts.rsplit(',').next().unwrap_or_default().trim();
                reach = reach.checked_mul(most.parse::<usize>().ok()?.max(1))?;
            }
            _ => {}
        }
    }
    Some(reach).filter(|reach| *reach <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacement(pattern: &str, text: &str) -> Replacement {
        let regex = Regex::new(pattern).unwrap();
        Replacement { regex, text: text.to_owned(), reach: reach(pattern) }
    }

    #[test]
    fn all_that_a_pattern_finds_is_replaced_and_nothing_else() {
        for (patterns, text, want) in [
            (&[("a", "b")][..], "banana", "bbnbnb"),
            (
                &[("http://([a-z]+)[.]internal", "https://$1.example")],
                "<a href=\"http://shop.internal/x\">http://a.internal",
                "<a href=\"https://shop.example/x\">https://a.example",
            ),
            (&[("(?i)</BODY>", "<p>x</p>$0")], "<body></Body>", "<body><p>x</p></Body>"),
            (&[("é+", "e")], "éé ü é", "e ü e"),
            (&[("a", "b"), ("b", "c")], "ab", "cc"),
            (&[("^", "x")], "ab", "xab"),
            (&[("$", "x")], "ab", "abx"),
            (&[("b*", "-")], "ab", "-a-"),
            (&[("x", "y")], "", ""),
            (&[("[$]1", "$$2")], "$1", "$2"),
        ] {
            let all: Vec<_> = patterns.iter().map(|(find, by)| replacement(find, by)).collect();
            let got = replaced(&all, text.as_bytes().to_vec(), 1000, 1000).unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), want, "{patterns:?} {text}");
        }
    }

    #[test]
    fn what_is_no_text_grows_or_is_too_much_work_is_refused() {
        let long = "a".repeat(1 << 12);
        for (pattern, by, text, fault) in [
            ("a", "b", &b"a\xff"[..], Fault::NotText),
            ("a", "0123456789", long.as_bytes(), Fault::Overgrown),
            // Each find looks for a `z` up to the end.
            ("a(.*z)?", "a", long.as_bytes(), Fault::TooManyFinds),
        ] {
            let got = replaced(&[replacement(pattern, by)], text.to_vec(), 1 << 13, 1 << 15);
            assert_eq!(got, Err(fault), "{pattern}");
        }
        let many = replaced(&[replacement("a", "b")], long.into_bytes(), 1 << 12, 1 << 15).unwrap();
        assert_eq!(many.len(), 1 << 12);
    }

    #[test]
    fn how_far_a_pattern_looks_is_never_told_too_short() {
        for (pattern, want) in [
            ("abc", Some(12)),
            ("a{3}", Some(48)),
            ("a{2,5}", Some(120)),
            ("a{2,}", None),
            ("a*", None),
            ("(ab)+", None),
            ("[*+]", Some(16)),
            ("\\*", Some(8)),
            ("[\\]*]", Some(20)),
            ("a{1000}b{1000}", None),
            ("[a]+]", None),
            ("(?x)a# [\n.*", None),
        ] {
            assert_eq!(reach(pattern), want, "{pattern}");
        }
    }
}
