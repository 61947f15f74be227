//! What templates say about who may be given the answer.

use gatehouse_filter::template::OwnNames;
use std::cell::{Cell, RefCell};

/// Which facts about the client the templates of a rule name: an answer that is made of them is
/// not the same for everybody (RFC 9111 §4.1).
#[derive(Debug, Default)]
pub(crate) struct Noted {
    names_identity: Cell<bool>,
    headers: RefCell<Vec<String>>,
}

impl Noted {
    /// Whether the identity, or a claim, is named.
    pub(crate) fn names_identity(&self) -> bool {
        self.names_identity.get()
    }

    /// The header fields that are named, in lower case.
    pub(crate) fn into_headers(self) -> Vec<String> {
        self.headers.into_inner()
    }

    /// Notes what a placeholder stands for.
    pub(crate) fn note(&self, placeholder: &str) {
        let field = match placeholder.strip_prefix("header.") {
            None if placeholder.starts_with("cookie.") => Some("cookie"),
            field => field,
        };
        if let Some(name) = field {
            let name = name.to_ascii_lowercase();
            let mut headers = self.headers.borrow_mut();
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        let is_of_client = |kind: &&str| placeholder.starts_with(kind);
        if ["identity.", "claim.", "client_address"].iter().any(is_of_client) {
            self.names_identity.set(true);
        }
    }
}

/// For templates that have no placeholders of the filter's own.
impl OwnNames for Noted {
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>> {
        self.note(placeholder);
        None
    }

    fn spellings(&self) -> &'static str {
        "functions after a bar"
    }
}
