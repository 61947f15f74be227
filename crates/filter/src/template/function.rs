use super::fault::Fault;
use crate::config;
use ct_codecs::{Base64, Encoder as _};

/// What is done with a fact before it is written: `${header.x | lower}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Lower,
    Upper,
    Trim,
    Base64,
    UrlEncode,
    Sha256,
    /// Stands in where the fact is missing; the ones before it are skipped then.
    Default(Box<[u8]>),
}

/// The most functions on one placeholder: each may make the text longer.
pub(super) const MOST: usize = 8;

const NAMES: &[&str] = &["lower", "upper", "trim", "base64", "url_encode", "sha256", "default"];

impl Function {
    /// Reads what stands between two bars: a name, and after a colon its argument.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name.trim(), Some(argument.trim())),
            None => (text.trim(), None),
        };
        let function = match name {
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "trim" => Self::Trim,
            "base64" => Self::Base64,
            "url_encode" => Self::UrlEncode,
            "sha256" => Self::Sha256,
            "default" => return argument.map(Self::default).ok_or(Fault::NoArgument),
            name => return Err(Fault::UnknownFunction(config::nearest(name, NAMES))),
        };
        if argument.is_some() { Err(Fault::Argument(name.to_owned())) } else { Ok(function) }
    }

    fn default(text: &str) -> Self {
        Self::Default(text.as_bytes().into())
    }

    pub(super) fn known() -> String {
        NAMES.join(", ")
    }

    /// Changes the text that begins at `start`; `None` where it cannot be made, which no input of a
    /// bounded length brings about.
    pub(super) fn apply(&self, out: &mut Vec<u8>, start: usize) -> Option<()> {
        match self {
            Self::Lower => out.get_mut(start..)?.make_ascii_lowercase(),
            Self::Upper => out.get_mut(start..)?.make_ascii_uppercase(),
            Self::Trim => {
                let trimmed = out.get(start..)?.trim_ascii_end().len();
                out.truncate(start.saturating_add(trimmed));
                let text = out.get(start..)?;
                let before = text.len().saturating_sub(text.trim_ascii_start().len());
                out.drain(start..start.saturating_add(before));
            }
            Self::Base64 => {
                let text = out.split_off(start);
                let encoded = Base64::encode_to_string(text).ok()?;
                out.extend_from_slice(encoded.as_bytes());
            }
            Self::UrlEncode => {
                let text = out.split_off(start);
                out.extend(crate::percent_encoded(&text));
            }
            Self::Sha256 => {
                let digest = hmac_sha256::Hash::hash(out.get(start..)?);
                out.truncate(start);
                out.extend(digest.into_iter().flat_map(crate::hex::lower));
            }
            Self::Default(_) => {}
        }
        Some(())
    }
}
