//! How bodies are written.

use crate::content_type::{TypePattern, is_utf8, parameter};
use crate::fault::Fault;
use crate::form::{self, FORM};
use crate::multipart::{Delimiter, Form, MULTIPART, Unread};
use gatehouse_json::{Document, Overgrown};

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// In the query of the request, which has no body then.
    Query,
    /// Any text of UTF-8.
    Text,
}

/// What a `content-type` says of how a body is to be read, beside its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Label {
    Nothing,
    /// What parts begin with.
    Parts(Option<Delimiter>),
}

/// A body as JSON, and the form that its files are in.
pub(crate) struct Read {
    pub(crate) json: Vec<u8>,
    pub(crate) form: Option<Form>,
}

impl Format {
    /// What the type says of the body; `None` where it says that it is in another character set.
    pub(crate) fn label(self, content_type: &[u8]) -> Option<Label> {
        match self {
            Self::Multipart => Some(Label::Parts(Delimiter::of(content_type))),
            Self::Text => match parameter(content_type, "charset") {
                Ok(charset) if charset.as_deref().is_none_or(is_utf8) => Some(Label::Nothing),
                _ => None,
            },
            Self::Json | Self::Form | Self::Query => Some(Label::Nothing),
        }
    }

    /// The types that are read so where a rule names none.
    pub(crate) fn usual_types(self) -> Vec<TypePattern> {
        let whole = |text: &str| TypePattern { before: text.to_owned(), after: None };
        match self {
            Self::Form => vec![whole(FORM)],
            Self::Multipart => vec![whole(MULTIPART)],
            Self::Text => TEXTS.map(whole).into(),
            Self::Json | Self::Query => vec![
                whole("application/json"),
                TypePattern { before: "application/".to_owned(), after: Some("+json".to_owned()) },
            ],
        }
    }

    /// The type of what is written so; `None` where it keeps the one that it had.
    pub(crate) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Form => Some(FORM),
            Self::Multipart | Self::Query | Self::Text => None,
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn read(self, plain: Vec<u8>, label: Label) -> Result<Read, Fault> {
        match (self, label) {
            (Self::Multipart, Label::Parts(delimiter)) => {
                let form = Form::read(plain, delimiter.ok_or(Fault::NotMultipart)?)?;
                Ok(Read { json: form.to_json(), form: Some(form) })
            }
            (Self::Form, _) => {
                let json = form::to_json(&plain).ok_or(Fault::NotAForm)?;
                Ok(Read { json, form: None })
            }
            // RFC 8259 §8.1: whoever reads may ignore a byte order mark; nobody may write one.
            _ => {
                let json = plain.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec);
                Ok(Read { json: json.unwrap_or(plain), form: None })
            }
        }
    }

    /// Writes a document that was read in this length.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn write(
        self,
        document: &mut Document,
        form: Option<&Form>,
        length: usize,
    ) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Json | Self::Text => {
                let root = document.root();
                let mut out = Vec::with_capacity(length.saturating_add(length / 8));
                document.write(root, &mut out).map_err(|_: Overgrown| Fault::Overgrown)?;
                Ok(out)
            }
            Self::Form => form::from_json(document, form::push_encoded).ok_or(Fault::NoForm),
            Self::Query => form::from_json(document, form::push_in_query).ok_or(Fault::NoForm),
            Self::Multipart => form.and_then(|form| form.written(document)).ok_or(Fault::NoForm),
        }
    }
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Invalid => Self::NotMultipart,
            Unread::TooManyParts => Self::TooManyParts,
        }
    }
}

/// What pages are made of.
const TEXTS: [&str; 8] = [
    "text/html",
    "text/plain",
    "text/css",
    "text/javascript",
    "text/xml",
    "application/javascript",
    "application/xml",
    "application/xhtml+xml",
];
