//! Markdown of one paragraph, as text for a terminal.

/// How wide lines are.
const WIDTH: usize = 80;

/// The text without links and emphasis; what is between backticks stays between them.
pub(super) fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, link)) = rest.split_once('[') {
        text.push_str(before);
        match target(link) {
            Some((label, after)) if !before.ends_with('`') => {
                text.push_str(label);
                rest = after;
            }
            _ => {
                text.push('[');
                rest = link;
            }
        }
    }
    text.push_str(rest);
    text.replace("**", "")
}

/// The label of a link, and what comes after it.
fn target(link: &str) -> Option<(&str, &str)> {
    let (label, rest) = link.split_once("](")?;
    let (_, after) = rest.split_once(')')?;
    // Brackets inside are of a list, such as `[{env: NAME}]`.
    (!label.contains(['[', ']'])).then_some((label, after))
}

/// The text in lines of the terminal's width, each with this many spaces before it.
pub(super) fn indented(markdown: &str, spaces: usize) -> String {
    let indent = " ".repeat(spaces);
    let mut lines: Vec<String> = Vec::new();
    for word in plain(markdown).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count().saturating_add(word.chars().count()) < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_their_labels_and_lists_stay() {
        for (markdown, want) in [
            ("see [rules](../rules.md).", "see rules."),
            ("a [`{env: X}`](s.md), `[a, b]` and **all**", "a `{env: X}`, `[a, b]` and all"),
            ("`rules[0]`, …", "`rules[0]`, …"),
            ("`[GET]` or [x", "`[GET]` or [x"),
            ("[a] and [b](c)", "[a] and b"),
        ] {
            assert_eq!(plain(markdown), want);
        }
    }

    #[test]
    fn lines_are_no_longer_than_a_terminal_is_wide() {
        let text = indented(&"word ".repeat(60), 4);
        assert!(
            text.lines().all(|line| line.starts_with("    w") && line.len() <= WIDTH),
            "{text}"
        );
        assert_eq!(text.split_whitespace().count(), 60);
    }
}
