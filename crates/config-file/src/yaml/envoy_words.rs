//! What Envoy takes a word for: by rules of its own, which are not those of YAML 1.2.
//!
//! `yes` is a truth, `010` is eight, `1.5` and whatever does not fit 32 bits are texts, and tags
//! mean nothing.

use granit_parser::{ScalarStyle, Tag};
use serde_json::Value;

/// A name is its text; none at all is `null`.
pub(super) fn key(text: &str, style: ScalarStyle) -> String {
    if style == ScalarStyle::Plain && is_null(text) { "null".to_owned() } else { text.to_owned() }
}

/// What is quoted is a text, unless it has a tag; what a tag says does not count.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_plain = style == ScalarStyle::Plain;
    let is_text = match tag {
        None => !is_plain,
        Some(tag) => tag.original() == "!",
    };
    if is_text {
        return Value::from(text);
    }
    if tag.is_none() && is_null(text) {
        return Value::Null;
    }
    if let Some(truth) = truth(text) {
        return Value::from(truth);
    }
    match integer(text) {
        Some(number) => match i32::try_from(number) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(number.to_string()),
        },
        None => Value::from(text),
    }
}

pub(super) fn is_null(text: &str) -> bool {
    ["", "~", "null", "Null", "NULL"].contains(&text)
}

/// Words of YAML 1.1, in small letters, in capitals, or with one at the start.
pub(super) fn truth(text: &str) -> Option<bool> {
    let small = text.to_ascii_lowercase();
    let rest = text.get(1..)?;
    let is_spelt =
        text == small || text == text.to_ascii_uppercase() || rest == rest.to_ascii_lowercase();
    let truth = match small.as_str() {
        "y" | "yes" | "true" | "on" => true,
        "n" | "no" | "false" | "off" => false,
        _ => return None,
    };
    is_spelt.then_some(truth)
}

/// As C reads it: `0x` is hexadecimal, another zero at the start octal.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (digits, 10),
    };
    let is_unsigned = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_unsigned.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok())?
}
