//! Markdown of one paragraph, as text for a terminal.

use gatehouse_manual::plain;

/// How wide lines are.
const WIDTH: usize = 80;

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
    fn lines_are_no_longer_than_a_terminal_is_wide() {
        let text = indented(&"word ".repeat(60), 4);
        assert!(
            text.lines().all(|line| line.starts_with("    w") && line.len() <= WIDTH),
            "{text}"
        );
        assert_eq!(text.split_whitespace().count(), 60);
    }
}
