//! `products`: the catalogue.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use crate::money::Cents;
use crate::problem::Problem;

pub(crate) fn routes() -> Router {
    Router::new().route("/", get(list)).route("/{sku}", get(one).delete(delete))
}

/// Something for sale. `sku` (stock keeping unit) is its id.
#[derive(Serialize)]
pub(crate) struct Product {
    pub(crate) sku: &'static str,
    pub(crate) name: &'static str,
    pub(crate) price: Cents,
    pub(crate) currency: &'static str,
    pub(crate) stock: u32,
}

pub(crate) fn find(sku: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.sku == sku)
}

async fn list() -> Json<Value> {
    Json(json!({ "products": PRODUCTS }))
}

async fn one(sku: Result<Path<String>, PathRejection>) -> Result<Json<&'static Product>, Problem> {
    named(sku).map(Json)
}

/// Answers as if the product were gone; nothing changes, and it can be read and deleted again.
async fn delete(sku: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    named(sku).map(|_| StatusCode::NO_CONTENT)
}

fn named(sku: Result<Path<String>, PathRejection>) -> Result<&'static Product, Problem> {
    // A SKU that is not even UTF-8 is no product's either.
    sku.ok()
        .and_then(|Path(sku)| find(&sku))
        .ok_or_else(|| Problem::not_found("there is no such product"))
}

const fn product(sku: &'static str, name: &'static str, price: u64, stock: u32) -> Product {
    Product { sku, name, price: Cents(price), currency: "EUR", stock }
}

static PRODUCTS: [Product; 6] = [
    product("KB-75", "Mechanical keyboard, 75 %", 12_900, 42),
    product("MS-ERGO", "Vertical mouse", 5990, 118),
    product("MON-27", "Monitor, 27 inch, 4K", 38_900, 17),
    product("HUB-8", "USB-C hub, 8 ports", 7450, 63),
    product("CAM-1080", "Webcam, 1080p", 4995, 0),
    product("ARM-1", "Monitor arm", 9900, 25),
];
