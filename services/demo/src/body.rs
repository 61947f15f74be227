//! A JSON request body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The body read as JSON, whatever its content type: `curl -d '{…}'` sends JSON as a form.
///
/// The router's `DefaultBodyLimit` bounds it.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|e| Problem::new(e.status(), "demo.body_unreadable", e.body_text()))?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Problem::body_invalid(format!(
                "the body is not the JSON expected here: {error}"
            ))),
        }
    }
}

/// Bytes of a request body that a service reads at most.
pub(crate) const LIMIT: usize = 16 * 1024;
