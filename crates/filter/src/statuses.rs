//! Status codes and classes of them, as configurations name them.

use crate::config::Node;

/// A status code, or a class of them: `200`, `2xx`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    /// The class 2xx.
    pub const SUCCESSFUL: Self = Self { first: 200, last: 299 };

    /// Reads `200` or `2xx`; interim responses (1xx) are none.
    pub fn read(node: &Node<'_>) -> Option<Self> {
        let text = node.text_or_number().unwrap_or_default().to_ascii_lowercase();
        let parse =
            |text: String| text.parse::<u16>().ok().filter(|code| (200..=599).contains(code));
        match (parse(text.replace("xx", "00")), parse(text.replace("xx", "99"))) {
            (Some(first), Some(last)) if text.len() == 3 => Some(Self { first, last }),
            _ => node.fault("must be a status from 200 to 599, or a class of them such as 2xx"),
        }
    }

    /// Whether it is, or has, this status.
    pub fn has(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}
