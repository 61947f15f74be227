/// Whether two JSON numbers are the same number, however they are written: `1.50e1` and `15` are.
///
/// Exact: nothing is rounded. An exponent beyond 64 bits makes numbers equal only where they are
/// written alike.
pub fn same_number(left: &[u8], right: &[u8]) -> bool {
    left == right
        || matches!((parts(left), parts(right)), (Some(left), Some(right)) if left == right)
}

/// A text that is the same for numbers that are the same, as [`same_number`] tells.
pub fn canonical_number(number: &[u8]) -> Vec<u8> {
    match parts(number) {
        Some((negative, digits, power)) => {
            let sign: &[u8] = if negative { b"-" } else { b"" };
            [sign, &*digits, b"e", power.to_string().as_bytes()].concat()
        }
        None => number.to_vec(),
    }
}

/// Sign, digits without zeros at either end, and the power of ten of the last digit; all empty for
/// zero.
fn parts(number: &[u8]) -> Option<(bool, Vec<u8>, i64)> {
    let (negative, rest) = match number.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, number),
    };
    let mut halves = rest.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let mut mantissa = halves.next()?.splitn(2, |byte| *byte == b'.');
    let exponent = match halves.next() {
        Some(text) => std::str::from_utf8(text).ok()?.parse::<i64>().ok()?,
        None => 0,
    };
    let (whole, fraction) = (mantissa.next()?, mantissa.next().unwrap_or_default());
    let mut digits = [whole, fraction].concat();
    let mut power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    while digits.last() == Some(&b'0') {
        digits.pop();
        power = power.checked_add(1)?;
    }
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..leading);
    if digits.is_empty() { Some((false, digits, 0)) } else { Some((negative, digits, power)) }
}

#[cfg(test)]
mod tests {
    use super::{canonical_number, same_number};

    #[test]
    fn numbers_are_compared_exactly() {
        for (left, right, want) in [
            ("1", "1", true),
            ("1", "1.0", true),
            ("15", "1.50e1", true),
            ("100", "1E+2", true),
            ("-0", "0", true),
            ("0.0e9", "0", true),
            ("1", "-1", false),
            ("12345678901234567890", "12345678901234567891", false),
            ("1e400", "1e400", true),
            ("1e400", "10e399", true),
            ("1e400", "1e401", false),
            ("0.1", "0.10", true),
            ("1e99999999999999999999", "1e99999999999999999999", true),
            ("1e99999999999999999999", "1e99999999999999999998", false),
        ] {
            assert_eq!(same_number(left.as_bytes(), right.as_bytes()), want, "{left} {right}");
            let canonical = |number: &str| canonical_number(number.as_bytes());
            assert_eq!(canonical(left) == canonical(right), want, "{left} {right}");
        }
    }
}
