//! What a rule allows: a key to tell clients apart by, and the limits that each of them has.

use crate::bucket::Arrivals;
use crate::fields::Fields;
use crate::gcra::{Level, Limit};
use crate::key::{Key, Part};
use crate::table::Write;
use gatehouse_filter::{HeaderValue, Reply};

/// The limits of a rule. They are checked together and spent together.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) key: Key,
    quotas: Vec<Quota>,
}

/// A limit with the name that clients know it by.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) name: String,
    pub(crate) limit: Limit,
}

/// How one request came out of a policy.
pub(crate) struct Verdict {
    /// By limit, after the request.
    levels: Vec<Level>,
    /// The limit that refused; where several did, the one to wait for longest.
    refused_by: Option<usize>,
}

impl Policy {
    /// A policy. Limits without a name get the rule's: `orders`, then `orders-2`, `orders-3`.
    pub(crate) fn new(rule: &str, parts: Vec<Part>, limits: Vec<(Option<String>, Limit)>) -> Self {
        let mut taken: Vec<String> = limits.iter().filter_map(|(name, _)| name.clone()).collect();
        let mut free_name = || {
            let numbered = (2..).map(|number: u32| format!("{rule}-{number}"));
            let mut names = std::iter::once(rule.to_owned()).chain(numbered);
            let name = names.find(|name| !taken.contains(name)).unwrap_or_default();
            taken.push(name.clone());
            name
        };
        let quotas: Vec<Quota> = limits
            .into_iter()
            .map(|(name, limit)| Quota { name: name.unwrap_or_else(&mut free_name), limit })
            .collect();
        Self { key: Key::new(rule, parts, quotas.iter().map(|quota| &quota.limit)), quotas }
    }

    /// Spends one request from every limit, or from none if one of them has nothing left.
    pub(crate) fn spend(&self, arrivals: &mut Arrivals, now: u64) -> (Verdict, Write) {
        let stored = self.quotas.iter().zip(arrivals.iter());
        let mut levels: Vec<Level> =
            stored.map(|(quota, arrival)| quota.limit.level(*arrival, now)).collect();
        let refusing = levels.iter().enumerate().filter(|(_, level)| !level.allows());
        let refused_by = refusing.max_by_key(|(_, level)| level.retry_after()).map(|(index, _)| index);
        if refused_by.is_none() {
            levels.iter_mut().for_each(Level::spend);
        }
        let write = match refused_by {
            Some(_) if !levels.iter().any(Level::corrected) => Write::Nothing,
            _ => Write::Store,
        };
        for (arrival, level) in arrivals.iter_mut().zip(&levels) {
            *arrival = level.arrival();
        }
        (Verdict { levels, refused_by }, write)
    }

    /// What the client is told about its limits.
    pub(crate) fn fields(&self, verdict: &Verdict) -> Option<Fields> {
        Fields::new(&self.quotas, &verdict.levels)
    }

    /// The answer to a request that was refused; `None` where it was not.
    pub(crate) fn refusal(&self, verdict: &Verdict) -> Option<Reply> {
        let index = verdict.refused_by?;
        let (quota, level) = (self.quotas.get(index)?, verdict.levels.get(index)?);
        let Limit { requests, window, .. } = quota.limit;
        let window = window / 1_000_000_000;
        let noun = if requests == 1 { "request" } else { "requests" };
        let wait = level.retry_after();
        let name = &quota.name;
        let detail =
            format!("the policy \"{name}\" allows {requests} {noun} per {window} s; try again in {wait} s");
        Some(
            Reply::new(429, detail)
                .with_member("policy", name.as_str())
                .with_header(crate::fields::RETRY_AFTER, HeaderValue::from_number(wait)),
        )
    }
}

#[cfg(test)]
mod tests;
