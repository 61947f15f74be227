//! `orders`: what was bought, as a service tells it that knows nothing of its clients: in
//! `snake_case`, in an envelope, with ids that mean something in the house only. The gateway makes
//! the public form of it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use gatehouse_filter::{percent_decoded, query_values};
use jwt_simple::prelude::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::body::{self, JsonBody};
use crate::money::Cents;
use crate::problem::Problem;
use crate::{products, timestamp, users};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/", get(list).post(create))
        .route("/{id}", get(one))
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .with_state(Arc::new(AtomicU32::new(FIRST_NEW_ID)))
}

/// What every answer is in.
#[derive(Serialize)]
struct Envelope<T> {
    data: T,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    schema_version: u32,
}

fn envelope<T>(data: T) -> Json<Envelope<T>> {
    Json(Envelope { data, meta: Meta { schema_version: 3 } })
}

#[derive(Serialize)]
struct Order {
    id: u32,
    internal_id: String,
    customer: &'static str,
    line_items: Vec<Item>,
    total: Cents,
    currency: &'static str,
    status: &'static str,
    placed_at: Cow<'static, str>,
}

impl Order {
    fn new(
        id: u32,
        customer: &'static str,
        status: &'static str,
        placed_at: impl Into<Cow<'static, str>>,
        line_items: Vec<Item>,
    ) -> Self {
        let total = line_items.iter().map(|item| item.unit_price.times(item.quantity)).sum();
        let internal_id = format!("ord_{id:08x}");
        let placed_at = placed_at.into();
        Self { id, internal_id, customer, line_items, total, currency: "EUR", status, placed_at }
    }
}

#[derive(Serialize)]
struct Item {
    sku: &'static str,
    quantity: u32,
    unit_price: Cents,
    warehouse_id: &'static str,
}

/// What is sent to place an order, in an envelope too; prices are the catalogue's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    data: NewOrder,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    customer: String,
    line_items: Vec<NewItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewItem {
    sku: String,
    quantity: u32,
}

/// All orders, or with `?customer=NAME` those of that customer alone.
async fn list(RawQuery(query): RawQuery) -> Json<Envelope<Value>> {
    let query = query.unwrap_or_default();
    let is_wanted = |order: &&Order| {
        let mut customers = query_values(query.as_bytes(), "customer");
        customers.all(|customer| percent_decoded(customer).eq(order.customer.bytes()))
    };
    envelope(json!({ "orders": ORDERS.iter().filter(is_wanted).collect::<Vec<_>>() }))
}

async fn one(
    id: Result<Path<u32>, PathRejection>,
) -> Result<Json<Envelope<&'static Order>>, Problem> {
    // What is not a number is no order's id.
    id.ok()
        .and_then(|Path(id)| ORDERS.iter().find(|order| order.id == id))
        .map(envelope)
        .ok_or_else(|| Problem::not_found("there is no such order"))
}

/// Answers with the order as it would have been placed; it is not stored, so it cannot be read
/// back.
async fn create(
    State(next_id): State<Arc<AtomicU32>>,
    JsonBody(New { data: new }): JsonBody<New>,
) -> Result<(StatusCode, Json<Envelope<Order>>), Problem> {
    let Some(customer) = users::find(&new.customer) else {
        return Err(Problem::body_invalid("customer: there is no such user"));
    };
    if new.line_items.is_empty() {
        return Err(Problem::body_invalid("line_items: an order needs at least one"));
    }
    let items = new
        .line_items
        .iter()
        .enumerate()
        .map(|(at, item)| priced(at, item))
        .collect::<Result<_, _>>()?;
    let placed_at = timestamp::rfc3339(Clock::now_since_epoch().as_secs());
    let id = next_id.fetch_add(1, Ordering::Relaxed);
    Ok((StatusCode::CREATED, envelope(Order::new(id, customer.id, "placed", placed_at, items))))
}

fn priced(at: usize, item: &NewItem) -> Result<Item, Problem> {
    let Some(product) = products::find(&item.sku) else {
        return Err(Problem::body_invalid(format!(
            "line_items[{at}].sku: there is no such product"
        )));
    };
    if !(1..=MOST_OF_ONE).contains(&item.quantity) {
        return Err(Problem::body_invalid(format!(
            "line_items[{at}].quantity: must be 1 to {MOST_OF_ONE}"
        )));
    }
    Ok(Item {
        sku: product.sku,
        quantity: item.quantity,
        unit_price: product.price,
        warehouse_id: WAREHOUSE,
    })
}

fn item(sku: &'static str, quantity: u32, unit_price: u64) -> Item {
    Item { sku, quantity, unit_price: Cents(unit_price), warehouse_id: WAREHOUSE }
}

static ORDERS: LazyLock<[Order; 6]> = LazyLock::new(|| {
    [
        Order::new(
            12,
            "alice",
            "delivered",
            "2026-01-09T08:14:02Z",
            vec![item("KB-75", 1, 12_900)],
        ),
        Order::new(
            13,
            "bob",
            "delivered",
            "2026-01-22T17:40:31Z",
            vec![item("MON-27", 2, 38_900), item("ARM-1", 2, 9900)],
        ),
        Order::new(14, "bob", "cancelled", "2026-02-03T11:05:47Z", vec![item("CAM-1080", 1, 4995)]),
        Order::new(
            15,
            "alice",
            "delivered",
            "2026-02-18T20:51:10Z",
            vec![item("HUB-8", 1, 7450), item("MS-ERGO", 1, 5990)],
        ),
        Order::new(16, "bob", "shipped", "2026-03-11T06:32:55Z", vec![item("KB-75", 3, 12_900)]),
        Order::new(17, "alice", "paid", "2026-03-14T09:26:53Z", vec![item("MON-27", 1, 38_900)]),
    ]
});

const FIRST_NEW_ID: u32 = 18;
const WAREHOUSE: &str = "wh-3";
const MOST_OF_ONE: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_are_of_known_users_and_products_at_the_catalogue_s_prices() {
        for order in ORDERS.iter() {
            assert!(users::find(order.customer).is_some(), "customer of {}", order.id);
            for item in &order.line_items {
                let price = products::find(item.sku).map(|product| product.price);
                assert_eq!(price, Some(item.unit_price), "{} in {}", item.sku, order.id);
            }
            assert!(order.id < FIRST_NEW_ID);
        }
    }
}
