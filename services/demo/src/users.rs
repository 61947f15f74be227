//! `users`: who the demo users are.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use crate::problem::Problem;

pub(crate) fn routes() -> Router {
    Router::new().route("/", get(list)).route("/{id}", get(one))
}

/// A profile. No password: the accounts are the auth service's.
#[derive(Serialize)]
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) roles: &'static [&'static str],
    pub(crate) joined: &'static str,
}

pub(crate) static ALICE: User = User {
    id: "alice",
    name: "Alice Liddell",
    email: "alice@gatehouse.example",
    roles: &["admin", "user"],
    joined: "2021-05-04",
};

pub(crate) static BOB: User = User {
    id: "bob",
    name: "Bob Mason",
    email: "bob@gatehouse.example",
    roles: &["user"],
    joined: "2023-11-20",
};

pub(crate) fn find(id: &str) -> Option<&'static User> {
    [&ALICE, &BOB].into_iter().find(|user| user.id == id)
}

async fn list() -> Json<Value> {
    Json(json!({ "users": [&ALICE, &BOB] }))
}

async fn one(id: Result<Path<String>, PathRejection>) -> Result<Json<&'static User>, Problem> {
    // An id that is not even UTF-8 is nobody's either.
    id.ok()
        .and_then(|Path(id)| find(&id))
        .map(Json)
        .ok_or_else(|| Problem::not_found("there is no such user"))
}
