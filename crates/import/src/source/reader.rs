//! Reading the tree out of YAML, and of JSON, which is YAML as well.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{Kind, Member, Node, Read, Unreadable};

/// Aliases repeat what they stand for: a short text can stand for more than a machine holds.
const MOST_VALUES: usize = 500_000;
/// Nobody nests a gateway's configuration deeper; every reader of the tree goes down by calls.
const DEEPEST: usize = 64;
/// The longest file that is read.
pub(crate) const LONGEST: usize = 32 * 1024 * 1024;

/// Reads the one document of the text.
pub(crate) fn read(text: &str) -> Read<Node> {
    if text.len() > LONGEST {
        return Err(Unreadable::new(0, format!("is longer than {} MiB", LONGEST >> 20)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|fault| {
            Unreadable::new(fault.marker().line(), format!("is no YAML: {}", fault.info()))
        })?;
        tree.take(event, span.start.line())?;
    }
    tree.root.ok_or_else(|| Unreadable::new(0, "is empty"))
}

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    /// The collections that are open.
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    /// How many values there are, those that aliases repeat included.
    values: usize,
}

struct Open {
    line: usize,
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Mapping {
        members: Vec<Member>,
        /// What `<<` brings: it counts where the mapping itself does not say otherwise.
        merged: Vec<Member>,
        /// The name whose value comes next.
        name: Option<String>,
    },
}

impl Tree {
    fn take(&mut self, event: Event<'_>, line: usize) -> Read<()> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Unreadable::new(line, "has another document: one file is one gateway"))
            }
            Event::Scalar(text, style, anchor, _) => {
                let kind = match style {
                    ScalarStyle::Plain => Kind::Word(text.into_owned()),
                    _ => Kind::Text(text.into_owned()),
                };
                self.add(Node { line, kind }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => self.open(line, anchor, Items::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let items = Items::Mapping { members: Vec::new(), merged: Vec::new(), name: None };
                self.open(line, anchor, items)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some((node, size)) => self.add(node, 0, size),
                None => Err(Unreadable::new(line, "an alias stands for what is not there yet")),
            },
            _ => Ok(()),
        }
    }

    fn open(&mut self, line: usize, anchor: usize, items: Items) -> Read<()> {
        if let Some(Items::Mapping { name: None, .. }) = self.open.last().map(|open| &open.items) {
            return Err(Unreadable::new(line, "a name must be a word"));
        }
        if self.open.len() >= DEEPEST {
            return Err(Unreadable::new(line, format!("is nested deeper than {DEEPEST}")));
        }
        self.open.push(Open { line, anchor, before: self.values, items });
        Ok(())
    }

    fn close(&mut self) -> Read<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let kind = match open.items {
            Items::List(items) => Kind::List(items),
            Items::Mapping { mut members, merged, .. } => {
                for member in merged {
                    if !members.iter().any(|own| own.name == member.name) {
                        members.push(member);
                    }
                }
                Kind::Mapping(members)
            }
        };
        let size = self.values.saturating_sub(open.before).saturating_add(1);
        self.values = open.before;
        self.add(Node { line: open.line, kind }, open.anchor, size)
    }

    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Read<()> {
        let line = node.line;
        self.values = self.values.saturating_add(size);
        if self.values > MOST_VALUES {
            return Err(Unreadable::new(line, format!("has more than {MOST_VALUES} values")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Mapping { members, merged, name }) => match name.take() {
                None => match node.kind {
                    Kind::Word(text) | Kind::Text(text) => *name = Some(text),
                    _ => return Err(Unreadable::new(line, "a name must be a word")),
                },
                Some(name) if name == "<<" => merge(merged, node)?,
                Some(name) => {
                    if members.iter().any(|member| member.name == name) {
                        return Err(Unreadable::new(line, format!("`{name}` comes twice")));
                    }
                    members.push(Member { name, value: node });
                }
            },
        }
        Ok(())
    }
}

/// `<<: *defaults`, or a list of such, of which the first that has a name counts.
fn merge(merged: &mut Vec<Member>, node: Node) -> Read<()> {
    match node.kind {
        Kind::Mapping(members) => {
            for member in members {
                if !merged.iter().any(|there| there.name == member.name) {
                    merged.push(member);
                }
            }
            Ok(())
        }
        Kind::List(items) => items.into_iter().try_for_each(|item| merge(merged, item)),
        _ => Err(Unreadable::new(node.line, "<<: must be a mapping, or a list of mappings")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        for text in [
            "services:\n- name: a\n  url: http://a\n",
            "{\n\"services\": [{\"name\": \"a\",\n\t\"url\": \"http://a\"}]}",
        ] {
            let tree = read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            let service = &tree.list_of("services").unwrap()[0];
            assert_eq!((service.line, service.get("url").unwrap().line), (2, 3), "{text}");
        }
    }

    #[test]
    fn json_is_read_as_its_own_readers_do() {
        let text = "{\"a\": \"\\/\\u00e9\\ud83d\\ude00\\n\", \"b\": [1e3, -1, true, null]}";
        let tree = read(text).unwrap();
        assert_eq!(tree.text_of("a"), Ok(Some("/\u{e9}\u{1f600}\n")));
        assert_eq!(tree.list_of("b").unwrap().len(), 4);
    }

    #[test]
    fn merged_members_count_where_nothing_else_is_said() {
        let tree = read("d: &d {a: 1, b: 2}\ns: {<<: *d, b: 3}\nt: {<<: [*d, {a: 4, c: 5}]}");
        let tree = tree.unwrap();
        let number = |of: &str, name: &str| tree.get(of).unwrap().number_of(name).unwrap();
        assert_eq!([number("s", "a"), number("s", "b")], [Some(1), Some(3)]);
        assert_eq!([number("t", "a"), number("t", "c")], [Some(1), Some(5)]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let bomb: String =
            (1..40_u32).map(|n| format!("- &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
        for (text, want) in [
            ("", "is empty"),
            ("# nothing\n", "is empty"),
            ("a: {b: 1, b: 2}", "line 1: `b` comes twice"),
            ("a: 1\nb:\n  c: 1\n  c: 2", "line 4: `c` comes twice"),
            ("a: 1\n---\nb: 2", "another document"),
            ("a: *x", "line 1: "),
            ("&a [*a]", "line 1: an alias stands for what is not there yet"),
            ("? [a]\n: 1", "line 1: a name must be a word"),
            ("a: [", "is no YAML"),
            ("a: 1\n\tb: 2", "line 1: is no YAML"),
            (&("[".repeat(100) + &"]".repeat(100)), "is nested deeper than 64"),
            (&"[".repeat(100_000), "is no YAML: recursion limit exceeded"),
            (&format!("- &a0 1\n{bomb}"), "has more than 500000 values"),
            ("{<<: 1}", "<<: must be a mapping"),
        ] {
            let fault = read(text).expect_err(text).to_string();
            assert!(fault.contains(want), "{}: {fault}", text.chars().take(40).collect::<String>());
        }
    }
}
