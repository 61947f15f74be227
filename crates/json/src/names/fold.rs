//! Names without their case.

/// Whether two names differ in case alone.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    folded(left).eq(folded(right))
}

/// The characters of a name without their case. Bytes that are not UTF-8, which no document that
/// was read has, are U+FFFD.
pub(crate) fn folded(name: &[u8]) -> impl Iterator<Item = char> + '_ {
    name.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().map(fold).chain(invalid)
    })
}

/// Rather too much than too little: Go folds simply, .NET compares capitals, Java either. So the
/// `i` without a dot and the `I` with one are an `i`, too, as in Java.
fn fold(char: char) -> char {
    match char {
        'A'..='Z' => char.to_ascii_lowercase(),
        '\0'..='\x7f' => char,
        '\u{130}' => 'i',
        char => {
            let upper = simple(char, char.to_uppercase());
            simple(upper, upper.to_lowercase())
        }
    }
}

/// What one character becomes where it becomes one.
fn simple(char: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn names_that_differ_in_case_alone_are_one() {
        for (left, right, want) in [
            ("isAdmin", "ISADMIN", true),
            ("isAdmin", "isadmin", true),
            ("isAdmin", "i\u{17f}Admin", true),
            ("key", "\u{212a}ey", true),
            ("id", "\u{131}d", true),
            ("ID", "\u{130}d", true),
            ("größe", "GRÖSSE", false),
            ("größe", "GRÖẞE", true),
            ("σ", "ς", true),
            ("\u{3a9}", "\u{2126}", true),
            ("å", "\u{212b}", true),
            ("\u{1c4}", "\u{1c5}", true),
            ("µ", "μ", true),
            ("is_admin", "isadmin", false),
            ("a", "ab", false),
            ("", "", true),
        ] {
            assert_eq!(same(left.as_bytes(), right.as_bytes()), want, "{left} {right}");
        }
    }
}
