//! `recommendations`: what a user might buy next.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::problem::Problem;
use crate::users::{ALICE, BOB, User};

pub(crate) fn routes() -> Router {
    Router::new().route("/for/{user}", get(list))
}

/// A product of the catalogue, and why this user might want it.
#[derive(Serialize)]
struct Recommendation {
    sku: &'static str,
    reason: &'static str,
}

async fn list(
    user: Result<Path<String>, PathRejection>,
) -> Result<Json<&'static [Recommendation]>, Problem> {
    // An id that is not even UTF-8 is nobody's either.
    user.ok()
        .and_then(|Path(id)| RECOMMENDATIONS.iter().find(|(user, _)| user.id == id))
        .map(|(_, list)| Json(*list))
        .ok_or_else(|| Problem::not_found("there is no such user"))
}

const fn recommendation(sku: &'static str, reason: &'static str) -> Recommendation {
    Recommendation { sku, reason }
}

static RECOMMENDATIONS: [(&User, &[Recommendation]); 2] = [
    (
        &ALICE,
        &[
            recommendation("ARM-1", "goes with MON-27"),
            recommendation("CAM-1080", "bought with HUB-8 by others"),
        ],
    ),
    (
        &BOB,
        &[
            recommendation("MS-ERGO", "goes with KB-75"),
            recommendation("HUB-8", "goes with MON-27"),
            recommendation("CAM-1080", "was in a cancelled order"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products;

    #[test]
    fn what_is_recommended_is_in_the_catalogue() {
        for (user, list) in RECOMMENDATIONS {
            assert!(!list.is_empty(), "{}", user.id);
            for Recommendation { sku, .. } in list {
                assert!(products::find(sku).is_some(), "{sku} for {}", user.id);
            }
        }
    }
}
