//! The filters that `check` can read.

use gatehouse_filter::config::ConfigError;

/// A filter's own parser: configuration as JSON in, every fault out.
pub(super) type Parser = fn(&[u8]) -> Vec<ConfigError>;

/// The filters by the name of their module.
pub(super) const PARSERS: [(&str, Parser); 6] = [
    ("authorization", gatehouse_authorization::check),
    ("api-key-auth", gatehouse_api_key_auth::check),
    ("body-transform", gatehouse_body_transform::check),
    ("header-transform", gatehouse_header_transform::check),
    ("jwt-auth", gatehouse_jwt_auth::check),
    ("rate-limit", gatehouse_rate_limit::check),
];

/// The parser of the filter.
pub(super) fn parser(filter: &str) -> Option<Parser> {
    PARSERS.iter().find(|(name, _)| *name == filter).map(|(_, parser)| *parser)
}
