//! Markdown of one paragraph, as plain text.

/// The text without links and emphasis; what is between backticks stays between them.
pub fn plain(markdown: &str) -> String {
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
}
