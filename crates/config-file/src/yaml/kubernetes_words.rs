//! What Kubernetes takes a word for: its readers know the words of YAML 1.1, and their numbers may
//! have a point, an exponent, 64 bits and `_` between digits.

use granit_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

use super::envoy_words::{is_null, truth};

/// What is quoted, or said to be one by its tag, is a text.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_said = tag.is_some_and(|tag| ["!", "!!str"].contains(&tag.original().as_str()));
    if style != ScalarStyle::Plain || is_said {
        return Value::from(text);
    }
    if is_null(text) {
        return Value::Null;
    }
    let number = || integer(text).or_else(|| float(text)).map(Value::Number);
    truth(text).map(Value::from).or_else(number).unwrap_or_else(|| Value::from(text))
}

/// As Go reads an integer that says its base: `0x1f`, `0o17`, `017`, `0b1`.
fn integer(text: &str) -> Option<Number> {
    let plain = text.replace('_', "");
    let (is_negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let digits_of = |small: &str, capital: &str| {
        digits.strip_prefix(small).or_else(|| digits.strip_prefix(capital))
    };
    let (digits, radix) = if let Some(digits) = digits_of("0x", "0X") {
        (digits, 16)
    } else if let Some(digits) = digits_of("0o", "0O") {
        (digits, 8)
    } else if let Some(digits) = digits_of("0b", "0B") {
        (digits, 2)
    } else if let Some(octal) = digits.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        (octal, 8)
    } else {
        (digits, 10)
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match is_negative {
        true => i64::from_str_radix(&format!("-{digits}"), radix).ok().map(Number::from),
        false => u64::from_str_radix(digits, radix).ok().map(Number::from),
    }
}

/// A number with a point or an exponent. JSON, into which Kubernetes turns all, has no `.inf`.
fn float(text: &str) -> Option<Number> {
    let plain = text.replace('_', "");
    let is_number = plain.bytes().any(|byte| byte.is_ascii_digit())
        && plain.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    is_number.then(|| plain.parse().ok().and_then(Number::from_f64))?
}
