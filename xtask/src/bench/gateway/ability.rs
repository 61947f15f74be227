//! What a set-up does with a request.

/// The functions of a set-up; each must be proven before it is timed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ability {
    /// Refuses a token that is not good, and tells the upstream whose a good one is.
    pub(super) checks_tokens: bool,
    /// Refuses a client that asks too often.
    pub(super) limits: bool,
    /// Tells the client what its limit leaves.
    pub(super) tells: bool,
    /// Writes a field to the request and one to the response.
    pub(super) edits: bool,
}

impl Ability {
    /// A bare proxy.
    pub(super) const NONE: Self =
        Ability { checks_tokens: false, limits: false, tells: false, edits: false };

    /// All three functions.
    pub(super) const ALL: Self =
        Ability { checks_tokens: true, limits: true, tells: true, edits: true };
}
