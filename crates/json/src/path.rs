use std::fmt;

/// Where in a document a value is: a JSON Pointer (RFC 6901), or names with dots between them.
///
/// | path | what it names |
/// |---|---|
/// | `/items/0/price` | a JSON Pointer; `~1` is a slash, `~0` a tilde, `-` the end of an array |
/// | `items[0].price` | the same with dots |
/// | `items[*].price` | the price of every item; `*` stands for every member too |
/// | `"a.b".c` | a name between quotes has dots and brackets of its own |
/// | `items[-]` | one past the last item: where a value is appended |
/// | `$` | the document as a whole; `$.items` is `items` |
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    /// A member; in a pointer, an item where the value is an array and the name a number.
    Name {
        name: Box<str>,
        index: Option<usize>,
    },
    Index(usize),
    Append,
    Every,
}

impl Segment {
    /// Whether it can be made in what is made for it, which is empty.
    pub(crate) fn can_be_first(&self) -> bool {
        matches!(self, Self::Name { .. } | Self::Append | Self::Index(0))
    }
}

/// What is wrong with a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathError {
    /// A name is empty, in a path with dots.
    EmptyName,
    /// What stands between brackets is no index, `*` or `-`.
    BadIndex,
    /// A bracket or a quote is not closed, or something else than a dot or a bracket follows it.
    Unclosed,
    /// A `~` in a pointer is neither `~0` nor `~1`.
    BadEscape,
    /// A name without quotes has a character that looks like a calculation, a filter or a pattern:
    /// there are none.
    NeedsQuotes,
    /// More than 64 parts.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyName => "has an empty name: a path is `/a/0/b`, `a[0].b`, `a[*].b`, or `$`",
            Self::BadIndex => "must have a number, `*` or `-` between brackets",
            Self::Unclosed => {
                "has a bracket or a quote that is not closed, or a name right after one: put a dot"
            }
            Self::BadEscape => {
                "has a `~` that is neither `~0` (a tilde) nor `~1` (a slash): RFC 6901 §3"
            }
            Self::NeedsQuotes => {
                "has a name with other characters than letters, digits, `_`, `-`, `$`, `@` and `:`: \
                 put it between double quotes, as in `a.\"b c\"`; calculations, filters and \
                 patterns in names are not known"
            }
            Self::TooLong => "has more than 64 parts",
        })
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let segments = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(token).collect::<Result<_, _>>()?,
            None => dotted(text)?,
        };
        if segments.len() > 64 { Err(PathError::TooLong) } else { Ok(Self { segments }) }
    }

    /// Whether it names the document as a whole.
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether it may name several values.
    pub fn has_wildcard(&self) -> bool {
        self.segments.contains(&Segment::Every)
    }

    /// Whether it leads through the place that the other one names, or to it.
    pub fn leads_through(&self, other: &Self) -> bool {
        self.segments.starts_with(&other.segments)
    }

    /// Whether it leads by the place after the last item of an array.
    pub fn has_end(&self) -> bool {
        self.segments.contains(&Segment::Append)
    }

    /// The path of what a member is in, and the member's name; `None` where the last part is no
    /// name.
    pub fn split_name(&self) -> Option<(Self, &str)> {
        match self.segments.split_last() {
            Some((Segment::Name { name, .. }, rest)) => {
                Some((Self { segments: rest.to_vec() }, name))
            }
            _ => None,
        }
    }

    /// Whether a value can be made at the one path while there still is one at the other: neither
    /// leads through the other, and no item is named by its number.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        let is_number = |segment: &Segment| {
            matches!(segment, Segment::Index(_) | Segment::Name { index: Some(_), .. })
        };
        !self.segments.starts_with(&other.segments)
            && !other.segments.starts_with(&self.segments)
            && !other.segments.iter().any(is_number)
    }

    /// Splits two paths after their last wildcard, up to which they must be the same: what they
    /// have in common, and where each goes on from there.
    pub fn fork(&self, other: &Self) -> Option<(Self, Self, Self)> {
        let common = |path: &Self| {
            let last = path.segments.iter().rposition(|segment| *segment == Segment::Every);
            path.segments
                .split_at(last.map_or(0, |last| last.saturating_add(1)).min(path.segments.len()))
                .0
                .len()
        };
        let (own, theirs) =
            (self.segments.split_at(common(self)), other.segments.split_at(common(other)));
        let path = |segments: &[Segment]| Self { segments: segments.to_vec() };
        (own.0 == theirs.0).then(|| (path(own.0), path(own.1), path(theirs.1)))
    }
}

/// A token of a pointer.
fn token(text: &str) -> Result<Segment, PathError> {
    if text == "-" {
        return Ok(Segment::Append);
    }
    let mut name = String::with_capacity(text.len());
    let mut parts = text.split('~');
    name.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (escape, rest) = part.split_at_checked(1).ok_or(PathError::BadEscape)?;
        name.push(match escape {
            "0" => '~',
            "1" => '/',
            _ => return Err(PathError::BadEscape),
        });
        name.push_str(rest);
    }
    Ok(Segment::Name { index: index(&name), name: name.into() })
}

/// RFC 6901 §4: digits without a leading zero.
fn index(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit())
        && !(text.len() > 1 && text.starts_with('0'));
    text.parse().ok().filter(|_| digits)
}

fn dotted(text: &str) -> Result<Vec<Segment>, PathError> {
    let mut segments = Vec::new();
    let mut rest = match text.strip_prefix('$') {
        None => text,
        Some("") => return Ok(segments),
        Some(rest) if rest.starts_with('[') => rest,
        Some(rest) => rest.strip_prefix('.').ok_or(PathError::Unclosed)?,
    };
    loop {
        let after;
        if let Some(inside) = rest.strip_prefix('[') {
            let (inner, follows) = inside.split_once(']').ok_or(PathError::Unclosed)?;
            segments.push(match inner {
                "*" => Segment::Every,
                "-" => Segment::Append,
                inner => Segment::Index(index(inner).ok_or(PathError::BadIndex)?),
            });
            after = follows;
        } else if let Some(inside) = rest.strip_prefix('"') {
            let (name, follows) = inside.split_once('"').ok_or(PathError::Unclosed)?;
            segments.push(Segment::Name { name: name.into(), index: None });
            after = follows;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, follows) = rest.split_at_checked(end).ok_or(PathError::Unclosed)?;
            if name.contains([']', '"']) {
                return Err(PathError::Unclosed);
            }
            segments.push(match name {
                "" => return Err(PathError::EmptyName),
                "*" => Segment::Every,
                name if !name.chars().all(is_plain) => return Err(PathError::NeedsQuotes),
                name => Segment::Name { name: name.into(), index: None },
            });
            after = follows;
        }
        if after.is_empty() {
            return Ok(segments);
        }
        rest = match (after.strip_prefix('.'), after.starts_with('[')) {
            (Some(after), _) if !after.starts_with('[') => after,
            (None, true) => after,
            _ => return Err(PathError::Unclosed),
        };
    }
}

/// Whether a name with this character is one without quotes, too.
fn is_plain(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '$' | '@' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_dotted_paths_say_the_same() {
        for (left, right) in [
            ("$.a.b", "a.b"),
            ("$[0]", "[0]"),
            ("a.\"x.y\"[*]", "$.a.\"x.y\"[*]"),
            ("*", "[*]"),
            ("/-", "[-]"),
        ] {
            assert_eq!(Path::parse(left), Path::parse(right), "{left} {right}");
        }
        assert!(Path::parse("$").unwrap().is_root());
        let name = |name: &str, index| Segment::Name { name: name.into(), index };
        assert_eq!(
            Path::parse("/a~1b~0/01/1").unwrap().segments,
            [name("a/b~", None), name("01", None), name("1", Some(1))]
        );
        assert_eq!(Path::parse("/").unwrap().segments, [name("", None)]);
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for (text, fault) in [
            ("a..b", PathError::EmptyName),
            ("a.", PathError::EmptyName),
            ("", PathError::EmptyName),
            ("a[x]", PathError::BadIndex),
            ("a[01]", PathError::BadIndex),
            ("a[0", PathError::Unclosed),
            ("a[0]b", PathError::Unclosed),
            ("a.[0]", PathError::Unclosed),
            ("\"a", PathError::Unclosed),
            ("$a", PathError::Unclosed),
            ("/a~2", PathError::BadEscape),
            ("/a~", PathError::BadEscape),
            ("age + 10", PathError::NeedsQuotes),
            ("a+b", PathError::NeedsQuotes),
            ("price*2", PathError::NeedsQuotes),
            ("internal_*", PathError::NeedsQuotes),
            ("a?b", PathError::NeedsQuotes),
            ("a/b", PathError::NeedsQuotes),
            ("length(a)", PathError::NeedsQuotes),
            ("a == b", PathError::NeedsQuotes),
            ("first name", PathError::NeedsQuotes),
            ("a || b", PathError::NeedsQuotes),
            (" a", PathError::NeedsQuotes),
            ("a,b", PathError::NeedsQuotes),
        ] {
            assert_eq!(Path::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn two_paths_part_after_the_wildcard_that_they_share() {
        let path = |text| Path::parse(text).unwrap();
        let forked = path("items[*].a.b").fork(&path("items[*].c"));
        assert_eq!(forked, Some((path("items[*]"), path("a.b"), path("c"))));
        assert_eq!(path("a").fork(&path("b.c")), Some((path("$"), path("a"), path("b.c"))));
        assert_eq!(path("a[*].b").fork(&path("c[*].b")), None);
        assert_eq!(path("a[*].b").fork(&path("c")), None);
    }
}
