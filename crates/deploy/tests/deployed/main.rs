//! What is in `deploy/`: each manifest is what its platform takes, and what it says a filter reads.
//!
//! Schemas of custom resources are in the folder that `GATEHOUSE_CRDS` names, else in `shared/crds`
//! beside the clone: they are others' and not in the project. Helm, kubectl and the schemas of
//! Kubernetes are wheels. What cannot be had is said, with `skipped:`.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")]

/// The chart, with many values.
mod chart;

/// Reading manifests.
mod documents;

/// Manifests of the kinds that Kubernetes has built in.
mod kinds;

/// The Kustomize base and its overlay.
mod kustomize;

/// Manifests for Istio and Envoy Gateway.
mod manifests;

/// The rules in schemas.
mod rules;

/// The schemas of custom resources.
mod schemas;

/// What a tool gave, or `None` where it cannot be had, which is said.
fn or_skipped<T>(what: anyhow::Result<T>) -> Option<T> {
    match what {
        Ok(there) => Some(there),
        Err(why) => {
            println!("skipped: {why:#}");
            None
        }
    }
}
