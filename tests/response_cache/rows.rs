//! What the specifications say of a shared cache, a row each. Where one leaves it to the cache, the
//! row says what this cache does, or takes both.

use super::dates::{asctime, at, rfc850};
use super::origin::{Answer, MODIFIED, brief, broken, cached, fresh, not_modified, ok, status};
use super::row::{
    Is, Row, ask, asked, completed, either, get, head, nothing, refused, row, stored, validated,
};

mod age;
mod cache_status;
mod client_directives;
mod conditions;
mod directives;
mod expires;
mod fields;
mod freshness;
mod groups;
mod invalidation;
mod queries;
mod ranges;
mod reuse;
mod rules;
mod stale;
mod statuses;
mod storing;
mod targeted;
mod updates;
mod validation;
mod vary;

/// All of them.
pub(super) fn all() -> Vec<Row> {
    let tables: [fn() -> Vec<Row>; 21] = [
        storing::rows,
        statuses::rows,
        fields::rows,
        reuse::rows,
        vary::rows,
        freshness::rows,
        expires::rows,
        age::rows,
        stale::rows,
        validation::rows,
        updates::rows,
        invalidation::rows,
        client_directives::rows,
        directives::rows,
        conditions::rows,
        ranges::rows,
        targeted::rows,
        cache_status::rows,
        groups::rows,
        queries::rows,
        rules::rows,
    ];
    tables.iter().flat_map(|rows| rows()).collect()
}
