use super::fault::Fault;
use super::replacement::Replacement;
use crate::config;
use ct_codecs::{Base64, Base64NoPadding, Decoder as _, Encoder as _};

/// What is done with a fact before it is written: `${header.x | lower}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Lower,
    Upper,
    Trim,
    Base64,
    Base64Decode,
    UrlEncode,
    Sha256,
    RemovePrefix(Box<[u8]>),
    Replace(Replacement),
    /// Stands in where the fact is missing; the ones before it are skipped then.
    Default(Box<[u8]>),
}

/// The most functions on one placeholder: each may make the text longer.
pub(super) const MOST: usize = 8;

const NAMES: &[&str] = &[
    "lower",
    "upper",
    "trim",
    "base64",
    "base64_decode",
    "url_encode",
    "sha256",
    "remove_prefix",
    "replace",
    "default",
];

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
            "base64_decode" => Self::Base64Decode,
            "url_encode" => Self::UrlEncode,
            "sha256" => Self::Sha256,
            "remove_prefix" => {
                let prefix = argument.map(unquoted).filter(|prefix| !prefix.is_empty());
                let prefix = prefix.ok_or(Fault::NoArgument("remove_prefix: \"Bearer \""))?;
                return Ok(Self::RemovePrefix(prefix.into_bytes().into()));
            }
            "replace" => {
                return Replacement::parse(argument.unwrap_or_default()).map(Self::Replace);
            }
            "default" => {
                let text = argument.ok_or(Fault::NoArgument("default: none"))?;
                return Ok(Self::Default(text.as_bytes().into()));
            }
            name => return Err(Fault::UnknownFunction(config::nearest(name, NAMES))),
        };
        if argument.is_some() { Err(Fault::Argument(name.to_owned())) } else { Ok(function) }
    }

    pub(super) fn known() -> String {
        NAMES.join(", ")
    }

    /// Changes the text that begins at `start`; `None` where nothing can be made of it: then it is
    /// missing.
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
            Self::Base64Decode => {
                let text = out.split_off(start);
                out.extend(decoded(text)?);
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
            Self::RemovePrefix(prefix) => {
                if out.get(start..)?.starts_with(prefix) {
                    out.drain(start..start.saturating_add(prefix.len()));
                }
            }
            Self::Replace(replacement) => {
                let text = out.split_off(start);
                replacement.append(&text, out)?;
            }
            Self::Default(_) => {}
        }
        Some(())
    }
}

/// Of base64 of either alphabet (RFC 4648 §4, §5), with or without the signs that fill the end.
fn decoded(mut text: Vec<u8>) -> Option<Vec<u8>> {
    let filled = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if filled > 0 && (filled > 2 || !text.len().is_multiple_of(4)) {
        return None;
    }
    text.truncate(text.len().saturating_sub(filled));
    for byte in &mut text {
        match byte {
            b'-' => *byte = b'+',
            b'_' => *byte = b'/',
            _ => {}
        }
    }
    Base64NoPadding::decode_to_vec(text, None).ok()
}

/// An argument without the quotes that keep its blanks. In them, `\"` is a quote.
pub(super) fn unquoted(argument: &str) -> String {
    let inner = argument.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
    inner.map_or_else(|| argument.to_owned(), |inner| inner.replace("\\\"", "\""))
}
