//! `cargo xtask bench host-calls`: what the host's part of a filter costs, call by call.
//!
//! A filter cannot be cheaper than the calls it makes. What
//! [`header_transform`](super::header_transform) adds beyond `all` here is our own code.

use anyhow::Result;

use super::Sources;
use super::probe::{self, Data, call};
use super::set_up::{Bench, REQUEST_ID, SetUp, USER_AGENT, wasm_filter};

/// The bench's name.
pub(super) const NAME: &str = "host-calls";

/// `bare` and one probe a call.
///
/// # Errors
/// A module cannot be written.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let probes: [(&str, &[&str]); 12] = [
        ("empty", &[]),
        ("head", &[call::HEAD]),
        ("one-header", &[call::ONE_HEADER]),
        ("two-headers", &[call::TWO_HEADERS]),
        ("write", &[call::WRITE]),
        ("state", &[call::STATE]),
        ("count", &[call::COUNT]),
        ("time", &[call::TIME]),
        ("shared", &[call::SHARED]),
        ("limit", &[call::HEAD, call::TIME, call::SHARED, call::STATE, call::COUNT, call::COUNT]),
        ("head-write", &[call::HEAD, call::WRITE]),
        ("all", &[call::HEAD, call::WRITE, call::STATE, call::COUNT]),
    ];
    let mut set_ups = vec![SetUp::new("bare", vec![])];
    for (name, calls) in probes {
        let module = probe::write(&sources.scratch, name, calls, Data::default())?;
        let set_up = SetUp::new(name, vec![wasm_filter(name, &module, None, &[])]);
        let writes = calls.contains(&call::WRITE).then(|| format!("{REQUEST_ID} {USER_AGENT}"));
        set_ups.push(SetUp { writes, ..set_up });
    }
    Ok(Bench { name: NAME, set_ups, targets: vec![] })
}
