//! The smallest configuration of each filter that starts and says what it is for.

use anyhow::{Result, bail};

use super::Block;

/// The filters' configurations, as they are together.
pub(super) fn blocks(filters: &[&'static str]) -> Result<Vec<Block>> {
    let block = |filter: &&'static str| {
        let mut text = text(filter)?.to_owned();
        text.push_str(together(filter, filters));
        Ok(Block { filter, text })
    };
    filters.iter().map(block).collect()
}

fn text(filter: &str) -> Result<&'static str> {
    Ok(match filter {
        "aggregate" => include_str!("minimal/aggregate.yaml"),
        "api-key-auth" => include_str!("minimal/api-key-auth.yaml"),
        "audit" => include_str!("minimal/audit.yaml"),
        "authorization" => include_str!("minimal/authorization.yaml"),
        "body-transform" => include_str!("minimal/body-transform.yaml"),
        "header-transform" => include_str!("minimal/header-transform.yaml"),
        "jwt-auth" => include_str!("minimal/jwt-auth.yaml"),
        "rate-limit" => include_str!("minimal/rate-limit.yaml"),
        "response-cache" => include_str!("minimal/response-cache.yaml"),
        "telemetry" => include_str!("minimal/telemetry.yaml"),
        other => bail!("no filter is called `{other}`"),
    })
}

/// What a filter is told of others in its chain: a key will do where others have a token.
fn together(filter: &str, filters: &[&str]) -> &'static str {
    let has = |name| filters.contains(&name);
    match filter {
        "api-key-auth" if has("jwt-auth") => {
            "\
# Who sends no key needs a token: the next filter sees to it.
default: optional
"
        }
        "jwt-auth" if has("api-key-auth") => {
            "\
# Whoever api-key-auth knows needs no token.
accept_identified: true
"
        }
        _ => "",
    }
}
