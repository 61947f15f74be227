//! The line of a file that something is said of, with a mark under the place.

use gatehouse_check::Position;

/// What is shown of a line at most, in characters: files that machines write have long ones.
const WIDEST: usize = 100;

/// How much of a long line stands before the place.
const BEFORE: usize = 40;

/// The line and a mark under the name that begins at the place:
///
/// ```text
///    |
/// 57 |   windw: 60s
///    |   ^^^^^
/// ```
///
/// A line that seems to hold a secret is not shown: what is printed ends in the logs of a CI.
pub(crate) fn excerpt(text: &str, position: Position) -> Option<String> {
    let line = text.lines().nth(position.line.checked_sub(1)?)?;
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    if may_hold_a_secret(line) {
        let why = "not shown: it may hold a secret";
        return Some(format!("{margin} |\n{number} | ({why})\n"));
    }
    // Tabs and what moves the cursor would move the mark.
    let characters: Vec<char> =
        line.chars().map(|each| if each.is_control() { ' ' } else { each }).collect();
    let column = position.column.saturating_sub(1).min(characters.len());
    let first = match characters.len() > WIDEST {
        true => column.saturating_sub(BEFORE),
        false => 0,
    };
    let shown: String = characters.iter().skip(first).take(WIDEST).collect();
    let is_of_a_name = |each: &&char| each.is_alphanumeric() || "_-.$@".contains(**each);
    let rest = characters.iter().skip(column);
    let left = first.saturating_add(WIDEST).saturating_sub(column);
    let width = rest.take(left).take_while(is_of_a_name).count().max(1);
    let indent = " ".repeat(column.saturating_sub(first));
    let mark = "^".repeat(width);
    let (start, shown) = (if first > 0 { "…" } else { "" }, shown.trim_end());
    let indent = if first > 0 { format!(" {indent}") } else { indent };
    Some(format!("{margin} |\n{number} | {start}{shown}\n{margin} | {indent}{mark}\n"))
}

fn may_hold_a_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let names = ["secret", "password", "passwd", "private_key", "api_key", "apikey"];
    // What is in the environment is not in the file.
    !line.contains("{env:") && names.iter().any(|name| line.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_under_the_name() {
        let long = format!("{}name: x{}", "a, ".repeat(100), ", b".repeat(100));
        for (text, line, column, want) in [
            ("a: 1\n  windw: 60s\n", 2, 3, "  |\n2 |   windw: 60s\n  |   ^^^^^\n".to_owned()),
            ("a: {é: 1, z: 2}", 1, 11, "  |\n1 | a: {é: 1, z: 2}\n  |           ^\n".to_owned()),
            ("\tkey: 1", 1, 2, "  |\n1 |  key: 1\n  |  ^^^\n".to_owned()),
            ("a: \u{1b}[31m", 1, 1, "  |\n1 | a:  [31m\n  | ^\n".to_owned()),
            ("a: 1", 1, 99, "  |\n1 | a: 1\n  |     ^\n".to_owned()),
            ("- 'x'", 1, 3, "  |\n1 | - 'x'\n  |   ^\n".to_owned()),
            (
                "hmac_secret: hunter2",
                1,
                1,
                "  |\n1 | (not shown: it may hold a secret)\n".to_owned(),
            ),
            (
                "hmac_secret: {env: KEY}",
                1,
                1,
                "  |\n1 | hmac_secret: {env: KEY}\n  | ^^^^^^^^^^^\n".to_owned(),
            ),
        ] {
            let position = Position { line, column };
            assert_eq!(excerpt(text, position).as_deref(), Some(want.as_str()), "{text}");
        }
        let shown = excerpt(&long, Position { line: 1, column: 301 }).unwrap();
        let lines: Vec<&str> = shown.lines().collect();
        let marked = lines[2].chars().position(|each| each == '^').unwrap();
        let name: String = lines[1].chars().skip(marked).take(4).collect();
        assert_eq!(name, "name", "{shown}");
        assert!(lines[1].chars().count() < 110, "{shown}");
    }

    #[test]
    fn a_place_outside_of_the_text_has_no_line() {
        assert_eq!(excerpt("", Position { line: 1, column: 1 }), None);
        assert_eq!(excerpt("a", Position { line: 2, column: 1 }), None);
        assert_eq!(excerpt("a", Position { line: 0, column: 0 }), None);
    }
}
