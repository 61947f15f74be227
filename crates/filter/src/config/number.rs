//! Numbers of a configuration, of which Envoy's YAML makes texts.

use super::{Node, json_value};
use serde_json::{Number, Value};

/// Whether a text is a number that Envoy's YAML does not deliver as one. A whole number up to 2^53
/// is: as a text, it was between quotes.
pub fn may_be_number(text: &str) -> bool {
    let whole = text.parse::<i64>().is_ok_and(|number| number.unsigned_abs() <= 1 << 53);
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let written = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    !whole && digits && text.bytes().all(written) && text.parse::<f64>().is_ok()
}

/// Whether two numbers are the same one, `1` and `1.0` too. Whole numbers are not rounded.
pub fn same_number(one: &Number, other: &Number) -> bool {
    match (whole(one), whole(other)) {
        (None, None) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

/// The whole number that it is; `None` for others, and for those beyond 64 bits.
fn whole(number: &Number) -> Option<i128> {
    /// 2^64.
    const BOUND: f64 = 18_446_744_073_709_551_616.0;
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let double = || number.as_f64().filter(|double| double.fract() == 0.0 && double.abs() < BOUND);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within 64 bits")]
    whole.or_else(|| double().map(|double| double as i128))
}

impl Node<'_> {
    /// What a text of JSON says.
    pub fn json(&self) -> Option<Value> {
        match json_value(self.text()?.as_bytes()) {
            Ok(value) => Some(value),
            Err(invalid) => self.fault(format!("must be JSON: {invalid}")),
        }
    }

    /// Reports a text that [may be a number](may_be_number). `instead` says where `json` is
    /// written.
    pub fn ambiguous<T>(&self, text: &str, instead: &str) -> Option<T> {
        self.fault(format!(
            "`{text}` may be a number or a text: Envoy makes texts of 1.5, 1e3 and whole numbers \
             beyond 2^53. {instead} `json: '{text}'` for the number or `json: '\"{text}\"'` for \
             the text"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_be_a_number_where_envoy_makes_texts_of_numbers() {
        for (text, want) in [
            ("1.5", true),
            ("1e3", true),
            ("-1.5E-3", true),
            ("1.0", true),
            ("9007199254740993", true),
            ("-9007199254740993", true),
            ("123456789012345678901234567890", true),
            ("9007199254740992", false),
            ("42", false),
            ("007", false),
            ("1.2.3", false),
            ("1-2", false),
            ("e", false),
            ("1e", false),
            ("infinity", false),
            ("2026-11-29", false),
            ("", false),
        ] {
            assert_eq!(may_be_number(text), want, "{text}");
        }
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written_and_are_not_rounded() {
        for (one, other, want) in [
            ("1", "1.0", true),
            ("1.5", "15e-1", true),
            ("-3", "-3.0", true),
            ("0", "-0.0", true),
            ("1", "-1", false),
            ("1.5", "1", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("18446744073709551615", "18446744073709551615", true),
            ("18446744073709551615", "-1", false),
            ("18446744073709551615", "18446744073709551616.0", false),
            ("1e300", "1e300", true),
        ] {
            let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
            assert_eq!(same_number(&number(one), &number(other)), want, "{one} {other}");
            assert_eq!(same_number(&number(other), &number(one)), want, "{other} {one}");
        }
    }
}
