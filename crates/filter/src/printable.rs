//! Text of strangers in the log.

/// Text of a stranger's that stays one line in a log, and one of at most so many characters: what
/// ends lines, moves the cursor or turns the direction of writing becomes a space.
pub fn printable(text: &str, most: usize) -> String {
    let is_plain = |char: char| {
        !char.is_control()
            && !matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut chars = text.chars();
    let mut line: String =
        chars.by_ref().take(most).map(|char| if is_plain(char) { char } else { ' ' }).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_stays_one_short_line() {
        for (text, want) in [
            ("", ""),
            ("plain", "plain"),
            ("exactly8", "exactly8"),
            ("a bit longer", "a bit lo…"),
            ("é€😀é€😀é€", "é€😀é€😀é€"),
            ("é€😀é€😀é€😀", "é€😀é€😀é€…"),
            ("a\r\nb\tc\u{1b}", "a  b c "),
            ("a\u{2028}b\u{202e}c", "a b c"),
        ] {
            assert_eq!(printable(text, 8), want, "{text:?}");
        }
    }
}
