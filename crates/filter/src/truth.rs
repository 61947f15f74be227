//! Whether something holds, where that cannot always be told.
//!
//! ```
//! use gatehouse_filter::truth;
//! assert_eq!(truth::all([Some(true), None]), None);
//! assert_eq!(truth::all([Some(false), None]), Some(false));
//! ```

/// `None`: it cannot be told, and is neither so nor not so. What depends on it is decided by the
/// strict side: who is not known to be allowed is not, and who may be denied is.
pub type Truth = Option<bool>;

/// Whether all hold. One that does not settles it, whatever cannot be told of the others.
pub fn all(parts: impl IntoIterator<Item = Truth>) -> Truth {
    any(parts.into_iter().map(negated)).map(|some_fails| !some_fails)
}

/// Whether one holds. One that does settles it, whatever cannot be told of the others.
pub fn any(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let mut found = Some(false);
    for part in parts {
        match part {
            Some(true) => return part,
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

/// Whether it does not hold: what cannot be told stays so.
pub fn negated(truth: Truth) -> Truth {
    truth.map(|holds| !holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_outweighs_what_cannot_be_told() {
        const YES: Truth = Some(true);
        const NO: Truth = Some(false);
        for (parts, want_all, want_any) in [
            (&[][..], YES, NO),
            (&[YES], YES, YES),
            (&[NO], NO, NO),
            (&[None], None, None),
            (&[YES, NO], NO, YES),
            (&[YES, None], None, YES),
            (&[NO, None], NO, None),
            (&[None, NO, YES], NO, YES),
        ] {
            assert_eq!(all(parts.iter().copied()), want_all, "all of {parts:?}");
            assert_eq!(any(parts.iter().copied()), want_any, "any of {parts:?}");
        }
    }
}
