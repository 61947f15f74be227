//! The answers to the calls for the items of a list.

use crate::call::{Call, Fate};
use crate::composition::Composition;
use crate::failure::Failure;
use crate::freshness::Freshness;
use crate::part::{Answered, Failed, Part, UnderWay};
use gatehouse_json::Document;
use std::cell::RefCell;

/// The answers for the items of a list as one: a list in the order of the items.
pub(crate) fn together(call: &Call, under_way: &mut UnderWay, composition: &Composition) -> Part {
    let items = std::mem::take(&mut under_way.items);
    let mut json = vec![b'['];
    let mut freshness = Freshness::ALWAYS;
    let mut first = None;
    let default: &[u8] = match &call.fate {
        Fate::Optional(Some(default)) => default,
        _ => b"null",
    };
    for answer in std::mem::take(&mut under_way.answers).into_iter().flatten() {
        if json.len() > 1 {
            json.push(b',');
        }
        match answer {
            Ok(good) => {
                freshness = freshness.and(&good.freshness);
                if good.document.write(good.document.root(), &mut json).is_err() {
                    first = first.or(Some(Failure::TooLarge));
                    json.extend_from_slice(default);
                }
            }
            Err(failure) => {
                first = first.or(Some(failure));
                json.extend_from_slice(default);
            }
        }
    }
    json.push(b']');
    let read = if call.is_looked_into { Document::read } else { Document::check };
    match read(json, composition.most()) {
        Ok(document) => Part::Answered(Answered {
            status: None,
            document: RefCell::new(document),
            freshness,
            items: Some(items),
            failure: first,
        }),
        Err(invalid) => Part::Failed(Failed {
            failure: invalid.into(),
            status: None,
            default: call.default(composition),
            told: None,
        }),
    }
}

/// The answer to no calls: an empty list.
pub(crate) fn nothing(composition: &Composition) -> Part {
    match Document::read(b"[]".to_vec(), composition.most()) {
        Ok(document) => Part::Answered(Answered {
            status: None,
            document: RefCell::new(document),
            freshness: Freshness::ALWAYS,
            items: Some(Vec::new()),
            failure: None,
        }),
        Err(_) => Part::Skipped,
    }
}
