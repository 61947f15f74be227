//! Amounts of money.

use std::iter::Sum;

use serde::{Serialize, Serializer};

/// An amount in hundredths of the currency, written as a decimal string (`"24.90"`): a JSON number
/// would be read back as binary floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cents(pub(crate) u64);

impl Cents {
    pub(crate) fn times(self, quantity: u32) -> Self {
        Self(self.0.saturating_mul(quantity.into()))
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}
