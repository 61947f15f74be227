//! Refusals, for operators.

/// A refusal, with what operators are told of it beside its code: see
/// [`Decision::why`](crate::Decision::why).
#[derive(Debug)]
pub struct Explained<R> {
    /// What clients are told.
    pub refusal: R,
    /// What was seen, and what was wanted; `None` where the code says all.
    pub why: Option<String>,
}

impl<R> Explained<R> {
    /// A refusal that there is more to be said of.
    pub fn because(refusal: R, why: String) -> Self {
        Self { refusal, why: Some(why) }
    }
}

impl<R> From<R> for Explained<R> {
    fn from(refusal: R) -> Self {
        Self { refusal, why: None }
    }
}
