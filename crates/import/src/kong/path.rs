//! Paths of Kong's routes, and what the upstream is asked for.
//!
//! Kong joins the path of the service and what is left of the request's with one slash, whatever
//! slashes they end and begin with (`path_handling: v0`). Envoy replaces a prefix by a text. So one
//! path of Kong's is up to three matches of Envoy's, each with its own rewrite.

use regex_lite::Regex;

use crate::envoy::{Path, Rewrite, pattern_of};

/// A path of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every path that begins so, also in the middle of a segment.
    Prefix(String),
    /// Every path that begins with what the pattern finds.
    Pattern(String),
}

impl Wanted {
    /// Reads a path; from format 3.0 on, patterns have a `~` before them.
    pub(super) fn read(text: &str, format: f32) -> Result<Self, String> {
        let (text, is_pattern) = match text.strip_prefix('~') {
            Some(pattern) => (pattern, true),
            None => (text, format < 3.0 && !text.chars().all(is_plain)),
        };
        if !is_pattern {
            return match text.starts_with('/') {
                true => Ok(Self::Prefix(text.to_owned())),
                false => Err("must begin with a slash, or with ~ and a slash".to_owned()),
            };
        }
        let pattern = text.strip_prefix('^').unwrap_or(text);
        let pattern = named_groups(pattern);
        // Both match in linear time, and have no look-around nor back-references therefore.
        Regex::new(&pattern)
            .map_err(|fault| format!("is a pattern that Envoy cannot match: {fault}"))?;
        Ok(Self::Pattern(pattern))
    }

    /// The matches that it is, in the order in which Envoy has to try them. `base` is the path of
    /// the service, without a slash at its end.
    pub(super) fn matches(&self, base: &str, strips: bool) -> Vec<(Path, Rewrite)> {
        match self {
            Self::Prefix(prefix) => of_prefix(prefix, base, strips),
            Self::Pattern(pattern) => of_pattern(pattern, base, strips),
        }
    }
}

fn of_prefix(prefix: &str, base: &str, strips: bool) -> Vec<(Path, Rewrite)> {
    let all = Path::Prefix(prefix.to_owned());
    if !strips || prefix == "/" {
        return match base {
            "" => vec![(all, Rewrite::No)],
            _ if prefix == "/" => vec![
                (Path::Exact("/".to_owned()), Rewrite::Prefix(base.to_owned())),
                (all, Rewrite::Prefix(format!("{base}/"))),
            ],
            _ => vec![(all, Rewrite::Prefix(format!("{base}{prefix}")))],
        };
    }
    // The slash at the end of `/a/` is the one between the two.
    if prefix.ends_with('/') {
        return vec![(all, Rewrite::Prefix(format!("{base}/")))];
    }
    let begins = format!("^{}/?", pattern_of(prefix));
    let rest = (all, Rewrite::Pattern(begins, format!("{}/", substitution(base))));
    match base {
        "" => vec![rest],
        // `/a` is `/s`, and `/a/b` is `/s/b`; of `/ab`, `/s/b` is left, too.
        _ => vec![(Path::Segments(prefix.to_owned()), Rewrite::Prefix(base.to_owned())), rest],
    }
}

fn of_pattern(pattern: &str, base: &str, strips: bool) -> Vec<(Path, Rewrite)> {
    let all = Path::Pattern(format!("(?:{pattern}).*"));
    match (strips, base) {
        (false, "") => vec![(all, Rewrite::No)],
        (false, _) => vec![(all, Rewrite::Pattern("^".to_owned(), substitution(base)))],
        (true, _) => {
            let begins = format!("^(?:{pattern})/?");
            let rest = (all, Rewrite::Pattern(begins, format!("{}/", substitution(base))));
            let whole = Rewrite::Pattern("^.*$".to_owned(), substitution(base));
            match base {
                "" => vec![rest],
                _ => vec![(Path::Pattern(pattern.to_owned()), whole), rest],
            }
        }
    }
}

/// What stands for itself in a substitution of RE2, where `\1` is a group.
fn substitution(text: &str) -> String {
    text.replace('\\', r"\\")
}

/// What a path of the formats before 3.0 is made of that is no pattern.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "/._~%-".contains(letter)
}

/// `(?<name>` is `(?P<name>` for RE2 of any age.
fn named_groups(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("(?<") {
        text.push_str(before);
        text.push_str(if after.starts_with(['=', '!']) { "(?<" } else { "(?P<" });
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Envoy makes of a request's path, by the first match that it fits.
    fn asked(path: &str, matches: &[(Path, Rewrite)]) -> Option<String> {
        let fits = |wanted: &Path| match wanted {
            Path::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Path::Exact(exact) => path == exact,
            Path::Segments(prefix) => {
                let rest = path.strip_prefix(prefix.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Path::Pattern(pattern) => {
                Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(path)
            }
        };
        let (wanted, rewrite) = matches.iter().find(|(wanted, _)| fits(wanted))?;
        Some(match (rewrite, wanted) {
            (Rewrite::No, _) => path.to_owned(),
            (
                Rewrite::Prefix(to),
                Path::Prefix(from) | Path::Exact(from) | Path::Segments(from),
            ) => {
                format!("{to}{}", path.strip_prefix(from.as_str()).unwrap())
            }
            (Rewrite::Pattern(from, to), _) => {
                Regex::new(from).unwrap().replace(path, to.as_str()).into_owned()
            }
            other => panic!("{other:?}"),
        })
    }

    /// The rows of `path_handling: v0` in Kong's documentation of routes, and what lies between.
    #[test]
    fn the_upstream_is_asked_for_what_kong_asks_it_for() {
        for (base, wanted, strips, path, want) in [
            ("", "/orders", true, "/orders", "/"),
            ("", "/orders", true, "/orders/", "/"),
            ("", "/orders", true, "/orders/17", "/17"),
            ("", "/orders", true, "/ordersX", "/X"),
            ("", "/orders", false, "/orders/17", "/orders/17"),
            ("", "/", true, "/a", "/a"),
            ("", "/auth/v1/", true, "/auth/v1/x", "/x"),
            ("/s", "/", true, "/", "/s"),
            ("/s", "/", true, "/req", "/s/req"),
            ("/s", "/", false, "/req", "/s/req"),
            ("/s", "/fv0", false, "/fv0req", "/s/fv0req"),
            ("/s", "/fv0/", false, "/fv0/req", "/s/fv0/req"),
            ("/s", "/tv0", true, "/tv0req", "/s/req"),
            ("/s", "/tv0", true, "/tv0/req", "/s/req"),
            ("/s", "/tv0", true, "/tv0", "/s"),
            ("/s", "/tv0/", true, "/tv0/req", "/s/req"),
            ("/s", "/tv0/", true, "/tv0/", "/s/"),
            ("", r"~/users/\d+", true, "/users/17/orders", "/orders"),
            ("", r"~/users/\d+$", true, "/users/17", "/"),
            ("/s", r"~/users/\d+", true, "/users/17", "/s"),
            ("/s", r"~/users/\d+", true, "/users/17/orders", "/s/orders"),
            ("/s", r"~/users/\d+", false, "/users/17/orders", "/s/users/17/orders"),
            ("", r"~/(?<tenant>[a-z]+)/x", false, "/acme/x", "/acme/x"),
        ] {
            let read = Wanted::read(wanted, 3.0).unwrap();
            let got = asked(path, &read.matches(base, strips));
            assert_eq!(got.as_deref(), Some(want), "{base} {wanted} {strips} {path}");
        }
    }

    #[test]
    fn what_a_path_does_not_match_goes_elsewhere() {
        for (wanted, path) in [
            ("/orders", "/order"),
            (r"~/users/\d+$", "/users/17/orders"),
            (r"~/users/\d+", "/v1/users/17"),
        ] {
            let read = Wanted::read(wanted, 3.0).unwrap();
            assert_eq!(asked(path, &read.matches("", true)), None, "{wanted} {path}");
        }
    }

    #[test]
    fn a_path_that_envoy_cannot_match_is_refused() {
        for (wanted, format, want) in [
            ("orders", 3.0, "must begin with a slash"),
            ("~/a(?=b)", 3.0, "is a pattern that Envoy cannot match"),
            ("~/(a", 3.0, "is a pattern that Envoy cannot match"),
            (r"/users/(?!x)", 2.1, "is a pattern that Envoy cannot match"),
        ] {
            let fault = Wanted::read(wanted, format).unwrap_err();
            assert!(fault.contains(want), "{wanted}: {fault}");
        }
        assert_eq!(Wanted::read("/a.b", 2.1), Ok(Wanted::Prefix("/a.b".to_owned())));
        assert_eq!(Wanted::read("/a+", 2.1), Ok(Wanted::Pattern("/a+".to_owned())));
        assert_eq!(Wanted::read("/a+", 3.0), Ok(Wanted::Prefix("/a+".to_owned())));
    }
}
