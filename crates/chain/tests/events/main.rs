//! The state machine of requests in every order of events, against a proxy that does what Envoy
//! does.
//!
//! Each case is a list of what happened, in order and complete: what the filters were asked, what
//! the proxy was told, what the callbacks answered, and what came out at the upstream and at the
//! client.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")]

/// Envoy and filters, both made up.
mod fake;

/// Every order in which a request can come, and what its filters wait for with it.
mod interleavings;

/// Orders of events that once went wrong.
mod found;

/// What the host does not do.
mod faults;

/// Responses of every shape, through filters that do everything with them.
mod responses;
mod trailers;

/// What becomes of responses, case by case.
mod replies;

/// Configurations, contexts, and what the host does not do for them.
mod contexts;

/// What one filter leaves for the next.
mod hand_on;

/// Calls for requests, and their answers.
mod calls;
mod open_calls;
mod turned;

/// Requests that wait for others.
mod others;

/// Kept responses in place of others.
mod replacements;

/// How requests end, and what the callbacks answer meanwhile.
mod ends;

/// What is done once, however many filters there are.
mod once;

/// Why requests were decided as they were.
mod reasons;

/// How long a body may be, and what its head says about that.
mod lengths;
