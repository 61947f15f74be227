//! How many requests a client may send.

use std::str::FromStr;

/// A number of requests in a time, by `100/minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub(crate) requests: u64,
    /// As the filter has it.
    pub(crate) window: &'static str,
}

/// The units, each with its window.
const UNITS: [(&str, &str); 4] =
    [("second", "1s"), ("minute", "60s"), ("hour", "1h"), ("day", "1d")];

/// The most that rate-limit takes.
const MOST: u64 = 1_000_000_000;

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (requests, unit) = text.split_once('/').ok_or("must be NUMBER/UNIT, as 100/minute")?;
        let window = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, window) =
            window.ok_or(format!("`{unit}`: must be one of second, minute, hour, day"))?;
        let requests = requests.parse().ok().filter(|requests| (1..=MOST).contains(requests));
        let requests = requests.ok_or(format!("must be from 1 to {MOST} requests"))?;
        Ok(Self { requests, window })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_in_a_unit() {
        for (text, want) in [
            ("100/minute", Ok((100, "60s"))),
            ("1/day", Ok((1, "1d"))),
            ("100", Err("must be NUMBER/UNIT, as 100/minute")),
            ("100/week", Err("`week`: must be one of second, minute, hour, day")),
            ("0/minute", Err("must be from 1 to 1000000000 requests")),
            ("-1/minute", Err("must be from 1 to 1000000000 requests")),
            ("99999999999999999999/day", Err("must be from 1 to 1000000000 requests")),
        ] {
            let got = text.parse::<Limit>().map(|limit| (limit.requests, limit.window));
            assert_eq!(got, want.map_err(str::to_owned), "{text}");
        }
    }
}
