/// `jwt-auth`.
mod jwt_auth;

/// Its keys that come as certificates.
mod jwt_auth_certificates;

/// `api-key-auth`.
mod api_key_auth;

/// `authorization`.
mod authorization;

/// `rate-limit`.
mod rate_limit;

/// `header-transform`.
mod header_transform;

/// `body-transform`.
mod body_transform;

/// `response-cache`.
mod response_cache;

/// `audit`.
mod audit;

/// `telemetry`.
mod telemetry;

/// `gateway`, all filters in one module.
mod gateway;

/// What all filters have: the conditions of rules.
mod conditions;

/// Words, numbers and texts as YAML has them.
mod words;

use super::case::{Block, Row};

/// Every configuration of a filter.
pub(crate) fn all() -> Vec<Block> {
    [
        ("jwt-auth", jwt_auth::ROWS),
        ("jwt-auth", jwt_auth_certificates::ROWS),
        ("api-key-auth", api_key_auth::ROWS),
        ("authorization", authorization::ROWS),
        ("rate-limit", rate_limit::ROWS),
        ("header-transform", header_transform::ROWS),
        ("body-transform", body_transform::ROWS),
        ("response-cache", response_cache::ROWS),
        ("audit", audit::ROWS),
        ("telemetry", telemetry::ROWS),
        ("gateway", gateway::ROWS),
        ("authorization", conditions::ROWS),
        ("header-transform", words::ROWS),
    ]
    .into_iter()
    .flat_map(|(filter, rows)| rows.iter().map(move |row| of(filter, row)))
    .collect()
}

fn of(filter: &'static str, (case, yaml, verdict): &Row) -> Block {
    Block { case, filter, yaml, verdict: *verdict }
}
