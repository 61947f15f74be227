use super::MOST_OF_A_FACT;
use super::fault::Fault;
use super::function::unquoted;
use gatehouse_steps::took;
use regex_lite::Regex;
use std::fmt;
use std::rc::Rc;

/// `replace: [PATTERN, TEXT]`: a text for all that a pattern finds.
#[derive(Clone)]
pub(super) struct Replacement(Rc<(Regex, String)>);

/// The most bytes that the searches in one value may look at: 64 finds in the longest, four thousand
/// in one of 1 KiB.
const MOST_WORK: usize = 64 * MOST_OF_A_FACT;

const EXAMPLE: &str = "replace: [\"-+\", \" \"]";

impl Replacement {
    /// Reads a pattern and a text in brackets, each in quotes where it has blanks at its ends, a
    /// comma, a bracket, a bar or a brace.
    pub(super) fn parse(argument: &str) -> Result<Self, Fault> {
        let inside = argument.strip_prefix('[').and_then(|inside| inside.strip_suffix(']'));
        let (pattern, text) =
            inside.and_then(|inside| two(inside.trim())).ok_or(Fault::NoArgument(EXAMPLE))?;
        let regex = Regex::new(&pattern).map_err(|error| Fault::Pattern(error.to_string()))?;
        Ok(Self(Rc::new((regex, text))))
    }

    /// Appends the value with all replaced. `None` where it is not UTF-8, becomes too long, or is
    /// too much work: one search is linear in what is left, and there may be as many as bytes.
    pub(super) fn append(&self, value: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (regex, text) = &*self.0;
        let value = std::str::from_utf8(value).ok()?;
        let mut new = String::new();
        let (mut rest, mut work) = (0, value.len());
        took(value.len());
        for found in regex.captures_iter(value) {
            let whole = found.get(0)?;
            let left = value.len().saturating_sub(whole.end());
            took(left);
            work = work.saturating_add(left);
            new.push_str(value.get(rest..whole.start())?);
            found.expand(text, &mut new);
            rest = whole.end();
            if new.len() > MOST_OF_A_FACT || work > MOST_WORK {
                return None;
            }
        }
        new.push_str(value.get(rest..)?);
        out.extend_from_slice(new.as_bytes());
        Some(())
    }
}

/// The two items of a list.
fn two(list: &str) -> Option<(String, String)> {
    let (first, rest) = match list.strip_prefix('"') {
        Some(quoted) => {
            let (mut is_escaped, mut end) = (false, None);
            for (at, char) in quoted.char_indices() {
                match char {
                    '"' if !is_escaped => {
                        end = Some(at);
                        break;
                    }
                    '\\' => is_escaped = !is_escaped,
                    _ => is_escaped = false,
                }
            }
            let first = quoted.get(..end?)?.replace("\\\"", "\"");
            (first, quoted.get(end?.saturating_add(1)..)?.trim_start().strip_prefix(',')?)
        }
        None => {
            let (first, rest) = list.split_once(',')?;
            (first.trim_end().to_owned(), rest)
        }
    };
    let rest = rest.trim();
    let is_one = rest.starts_with('"') || !rest.contains(',');
    (is_one && !first.is_empty()).then(|| (first, unquoted(rest)))
}

impl PartialEq for Replacement {
    fn eq(&self, other: &Self) -> bool {
        (self.0.0.as_str(), &self.0.1) == (other.0.0.as_str(), &other.0.1)
    }
}

impl Eq for Replacement {}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entry(&self.0.0.as_str()).entry(&self.0.1).finish()
    }
}
