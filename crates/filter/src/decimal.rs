//! Numbers as text, without the machinery of formatting: several are written for each request.

/// The digits of the largest number.
pub const MOST_DIGITS: usize = 20;

/// Appends the digits of a number.
pub fn push(text: &mut String, mut number: u64) {
    let mut digits = [0_u8; MOST_DIGITS];
    let mut used = 0_usize;
    for digit in digits.iter_mut().rev() {
        // Below ten, so it fits.
        *digit = b'0'.saturating_add(u8::try_from(number % 10).unwrap_or_default());
        used = used.saturating_add(1);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let skipped = MOST_DIGITS.saturating_sub(used);
    text.extend(digits.iter().skip(skipped).map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 1, 9, 10, 99, 100, 65_536, u64::MAX - 1, u64::MAX] {
            let mut text = "n=".to_owned();
            push(&mut text, number);
            assert_eq!(text, format!("n={number}"));
        }
    }
}
