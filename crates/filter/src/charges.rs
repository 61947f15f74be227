//! What a request has cost under the rules of rate-limit: left in filter state by the filter that
//! charges it, and read by the one that counts it.

use crate::{Attribute, Attributes, Callouts};

/// What a request was charged, in the order in which it was. Units below zero were given back.
///
/// Whoever charges adds to what is there: a chain may have several filters that do, each of them
/// once when it lets the request pass, and once more when the response tells what it has cost.
#[derive(Clone, Copy, Debug)]
pub struct Charges;

impl Charges {
    /// Where they are in filter state, as `orders=1;orders=4;`. In an access log format:
    /// `%FILTER_STATE(wasm.gatehouse.costs:PLAIN)%`.
    pub const STATE: &'static str = "gatehouse.costs";

    /// Adds these charges, each with the name of its rule, to what was left of the request before.
    pub fn leave<'r>(
        charges: impl IntoIterator<Item = (&'r str, i64)>,
        callouts: &(impl Callouts + ?Sized),
    ) {
        let mut added = String::new();
        for (rule, units) in charges.into_iter().filter(|(_, units)| *units != 0) {
            added.extend([rule, "=", &units.to_string(), ";"]);
        }
        if added.is_empty() {
            return;
        }
        let mut all = callouts.attribute(Attribute::FilterState(Self::STATE)).unwrap_or_default();
        all.extend_from_slice(added.as_bytes());
        callouts.leave(Self::STATE, &all);
    }

    /// What a request was charged in all, by the names of the rules; nothing of a rule that gave
    /// back what it charged.
    pub fn of(host: &(impl Attributes + ?Sized)) -> Vec<(String, u64)> {
        let Some(all) = host.attribute(Attribute::FilterState(Self::STATE)) else {
            return Vec::new();
        };
        let mut sums: Vec<(&str, i64)> = Vec::new();
        for (rule, units) in
            std::str::from_utf8(&all).unwrap_or_default().split(';').filter_map(charge)
        {
            match sums.iter_mut().find(|(known, _)| *known == rule) {
                Some((_, sum)) => *sum = sum.saturating_add(units),
                None => sums.push((rule, units)),
            }
        }
        let charged = |(rule, units): (&str, i64)| {
            let units = u64::try_from(units).ok().filter(|units| *units > 0)?;
            Some((rule.to_owned(), units))
        };
        sums.into_iter().filter_map(charged).collect()
    }
}

fn charge(text: &str) -> Option<(&str, i64)> {
    let (rule, units) = text.split_once('=')?;
    Some((rule, units.parse().ok()?))
}
