//! What answers tell of their cost.

use gatehouse_usage::{Paths, Reader, Told};
use serde_json::Value;
use std::collections::BTreeMap;

/// An answer, of which the first bytes say what it is and where it is cut. However it is cut it
/// tells the same, and what another reader finds in it is not more than it tells.
pub fn usage(data: &[u8]) {
    let Some(([kind, cut, size], answer)) =
        data.split_first_chunk().map(|(head, rest)| (*head, rest))
    else {
        return;
    };
    let path = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect();
    let paths = vec![
        path(&["usage", "total"]),
        path(&["usage", "in"]),
        path(&["m", "usage", "in"]),
        path(&["é"]),
    ];
    let paths = Paths::new(paths).expect("good paths");
    let content_type: &[u8] =
        if kind & 1 == 0 { b"application/json" } else { b"text/event-stream" };
    let read = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = Reader::of(content_type).expect("it is read");
        parts.for_each(|part| reader.read(part, &paths));
        [0, 1, 2, 3].map(|path| reader.told(path))
    };
    let whole = read(&mut [answer].into_iter());
    let (left, right) = answer.split_at(usize::from(cut).min(answer.len()));
    assert_eq!(read(&mut [left, right].into_iter()), whole);
    assert_eq!(read(&mut answer.chunks(usize::from(size).max(1))), whole);
    if kind & 1 == 0 {
        assert_tells_no_less(answer, &whole);
    }
}

/// Of members that come twice the other reader knows the last alone.
fn assert_tells_no_less(answer: &[u8], told: &[Told]) {
    let Ok(document) = serde_json::from_slice::<BTreeMap<String, Value>>(answer) else { return };
    let found = |names: &[&str]| {
        let (first, rest) = names.split_first()?;
        let value = rest
            .iter()
            .try_fold(document.get(*first)?, |value, name| value.as_object()?.get(*name))?;
        value.as_u64()
    };
    let all = [&["usage", "total"][..], &["usage", "in"], &["m", "usage", "in"], &["é"]];
    for (names, told) in all.into_iter().zip(told) {
        if let Some(units) = found(names) {
            assert!(*told >= Told::Units(units), "{names:?}: {told:?} of {units}");
        }
    }
}
