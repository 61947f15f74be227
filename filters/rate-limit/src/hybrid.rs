//! Counting with leases: the service is asked for many hits at once, and requests are served from
//! them.
//!
//! A lease is the process's: all workers take from it, through the store. What it holds the service
//! has counted already, so together all gateways let pass what the service allows, never more. What
//! one gateway holds and does not use is lost for the others until the window ends.

mod lease;

pub(crate) use lease::{Lease, Terms, Turn};
