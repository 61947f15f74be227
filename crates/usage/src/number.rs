//! A number of a document, read as it comes.

use crate::Told;

/// A number of a document, as far as it has come.
#[derive(Default, Debug)]
pub(crate) struct Number {
    text: Vec<u8>,
}

/// The longest number that is read: one of more digits is no amount of anything.
const LONGEST: usize = 40;

impl Number {
    pub(crate) fn begin(&mut self, byte: u8) {
        self.text.clear();
        self.text.push(byte);
    }

    pub(crate) fn push(&mut self, byte: u8) {
        if self.text.len() <= LONGEST {
            self.text.push(byte);
        }
    }

    /// What it says: whole numbers however they are written (`12`, `12.0`, `1.2e1`), and nothing of
    /// others.
    pub(crate) fn told(&self) -> Told {
        let Some(text) = std::str::from_utf8(&self.text).ok().filter(|it| it.len() <= LONGEST)
        else {
            return Told::Nonsense;
        };
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map_or(Told::Nonsense, Told::Units);
        }
        // Up to there a double has all whole numbers.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match text.parse::<f64>() {
            Ok(number) if (0.0..=EXACT).contains(&number) && number.fract() == 0.0 => {
                Told::Units(number as u64)
            }
            _ => Told::Nonsense,
        }
    }
}
