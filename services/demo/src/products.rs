//! `products`: the catalogue. It says how long an answer holds, by which tags it can be purged, and
//! which version it is.

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::json;

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

async fn list(asked: HeaderMap) -> Response {
    cacheable(&asked, "products", &json!({ "products": PRODUCTS }))
}

async fn one(
    asked: HeaderMap,
    sku: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let product = named(sku)?;
    Ok(cacheable(&asked, &format!("products, {}", product.sku), product))
}

/// Answers as if the product were gone; nothing changes, and it can be read and deleted again. The
/// lists that have it are to be forgotten (RFC 9875).
async fn delete(sku: Result<Path<String>, PathRejection>) -> Result<impl IntoResponse, Problem> {
    named(sku).map(|_| ([(GROUP_INVALIDATION, GROUP)], StatusCode::NO_CONTENT))
}

/// An answer that holds for a while, the same for everybody who may have it; a 304 to whoever has
/// it.
fn cacheable(asked: &HeaderMap, tags: &str, what: &impl Serialize) -> Response {
    let body = serde_json::to_vec(what).unwrap_or_default();
    let tag = format!("\"{:016x}\"", version(&body));
    let head = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "public, max-age=60, stale-while-revalidate=300"),
        (CACHE_TAG, tags),
        (CACHE_GROUPS, GROUP),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let mut known = asked.get_all(header::IF_NONE_MATCH).iter();
    let is_known = known.any(|known| {
        let tags = known.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.map(|known| known.trim_start_matches("W/")).any(|known| known == tag || known == "*")
    });
    match is_known {
        true => (StatusCode::NOT_MODIFIED, head).into_response(),
        false => (head, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
    }
}

/// The same for the same bytes (FNV-1a): what an entity tag has to be.
fn version(bytes: &[u8]) -> u64 {
    let add = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, add)
}

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
const GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");
const GROUP: &str = "\"products\"";

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
