//! What each call is answered with, and what a gateway must make of several.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

/// The length of the body: 1.25 KiB.
pub(super) const BYTES: usize = 1280;

static BODY: LazyLock<String> = LazyLock::new(body);

static WHOLE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\n\r\n{}",
        BODY.len(),
        &*BODY
    )
});

static GIVEN: AtomicUsize = AtomicUsize::new(0);

/// The same to every call.
pub(super) fn to(_: &[u8]) -> Cow<'static, [u8]> {
    GIVEN.fetch_add(1, Ordering::Relaxed);
    Cow::Borrowed(WHOLE.as_bytes())
}

/// How many there were.
pub(super) fn given() -> usize {
    GIVEN.load(Ordering::Relaxed)
}

/// What the client must get for so many calls: an object with a member a call.
pub(super) fn of(calls: usize) -> Value {
    let one: Value = serde_json::from_str(&BODY).unwrap_or_default();
    let member = |number| (format!("c{number}"), one.clone());
    Value::Object((0..calls).map(member).collect::<Map<_, _>>())
}

/// What the client must get where a call is passed on.
pub(super) fn alone() -> Value {
    serde_json::from_str(&BODY).unwrap_or_default()
}

/// Orders of a customer, as many as there is room for, and a note that fills the rest.
fn body() -> String {
    let order = |id: usize| {
        json!({"id": id, "status": "delivered", "total": "389.00", "currency": "EUR", "lineItems": [
            {"sku": "MON-27", "quantity": 1, "unitPrice": "389.00"},
        ]})
    };
    let orders: Vec<Value> = (12..20).map(order).collect();
    let with =
        |note: &str| json!({"customer": "alice", "orders": orders, "note": note}).to_string();
    with(&"x".repeat(BYTES.saturating_sub(with("").len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_answered_with_so_many_bytes_of_json() {
        assert_eq!(body().len(), BYTES);
        let whole = String::from_utf8(to(b"").into_owned()).unwrap();
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-length: 1280"), "{head}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), alone());
    }

    #[test]
    fn an_answer_of_several_has_a_member_for_each() {
        let three = of(3);
        assert_eq!(three.as_object().unwrap().len(), 3);
        assert_eq!(three["c2"], alone());
        assert_eq!(three["c2"]["orders"].as_array().unwrap().len(), 8);
    }
}
