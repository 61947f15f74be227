//! The longest that a stranger can send: Envoy lets heads of 60 KiB through, and what is in them
//! can be as short as it may be, so that there is much of it.

/// Each of the few values that short names have.
fn numbered(count: usize, write: impl Fn(usize) -> String) -> String {
    (0..count).map(|number| write(number % 16)).collect()
}

/// A path of 14 000 segments.
pub fn path() -> String {
    format!("/orders{}", numbered(14_000, |number| format!("/{number:x}")))
}

/// A path of one segment, of 28 KiB.
pub fn segment() -> String {
    format!("/orders/{}", "a".repeat(28 << 10))
}

/// A path that others may read otherwise: most of it is escapes.
pub fn escaped_path() -> String {
    format!("/orders/{}", "%252e%252e%41".repeat(2_000))
}

/// A target with 7 000 parameters, none of which has more than one letter.
pub fn parameters() -> String {
    format!("/orders?{}", numbered(7_000, |number| format!("{number:x}=&")))
}

/// 6 000 cookies.
pub fn cookies() -> String {
    numbered(6_000, |number| format!("{number:x}=; "))
}

/// As many fields as Envoy takes, 100, but for those of any request.
pub fn fields() -> Vec<(String, String)> {
    (0..90).map(|number| (format!("x-a_{number}"), "v".repeat(600))).collect()
}
