/// The closed set of decisions that one filter can take, each with a stable name.
///
/// The name is a contract: it is in the error body, the response-code details, the metric and the
/// access log. Made with [`codes!`](crate::codes).
pub trait DecisionCode: Copy + Eq + core::fmt::Debug + 'static {
    /// Every code, in the order of [`index`](Self::index).
    const ALL: &'static [Self];

    /// The name without the filter's prefix: `token_missing`.
    fn name(self) -> &'static str;

    /// The position in [`ALL`](Self::ALL): the shell keeps one counter a code in a flat list.
    fn index(self) -> usize;
}

/// Declares a filter's decision codes: the enum, the names and the order in one place.
///
/// ```
/// gatehouse_filter::codes! {
///     /// What this filter can decide.
///     pub enum Code {
///         /// The request goes on.
///         Allowed = "allowed",
///         /// There is no key.
///         KeyMissing = "key_missing",
///     }
/// }
/// use gatehouse_filter::DecisionCode;
/// assert_eq!(Code::ALL[Code::KeyMissing.index()].name(), "key_missing");
/// ```
#[macro_export]
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $name { $($(#[$doc])* $variant),+ }

        impl $crate::DecisionCode for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
