//! How the filters reach Envoy: each in a module of its own, or all in one.

use std::env;
use std::str::FromStr;

use anyhow::{Result, bail};

/// How the filters of a config reach Envoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packaging {
    /// Each filter is a module and a VM of its own, as the examples are written.
    Separate,
    /// `gateway.wasm` holds the filters that follow each other: one module, one VM.
    Gateway,
}

impl Packaging {
    /// The environment variable that chooses for every gateway that does not choose itself.
    pub const VARIABLE: &str = "GATEHOUSE_PACKAGING";

    /// What the environment chooses: `separate`, unless it says otherwise.
    ///
    /// # Errors
    /// When the variable holds another word.
    pub fn from_env() -> Result<Self> {
        match env::var_os(Self::VARIABLE) {
            Some(word) if !word.is_empty() => word.to_string_lossy().parse(),
            _ => Ok(Self::Separate),
        }
    }

    /// The word that the environment variable holds.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Separate => "separate",
            Self::Gateway => "gateway",
        }
    }
}

impl FromStr for Packaging {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self> {
        match [Self::Separate, Self::Gateway].into_iter().find(|this| this.word() == word) {
            Some(packaging) => Ok(packaging),
            None => bail!("{}={word}: must be `separate` or `gateway`", Self::VARIABLE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packaging_is_one_of_two_words() {
        for packaging in [Packaging::Separate, Packaging::Gateway] {
            assert_eq!(packaging.word().parse::<Packaging>().unwrap(), packaging);
        }
        let fault = "Gateway".parse::<Packaging>().unwrap_err().to_string();
        assert_eq!(fault, "GATEHOUSE_PACKAGING=Gateway: must be `separate` or `gateway`");
    }
}
