//! Joins the answers for items to the objects that they were asked for.

use crate::call::Call;
use crate::composition::Composition;
use crate::each::{How, Join, Missing};
use crate::fact::text;
use crate::failure::Failure;
use crate::part::Part;
use gatehouse_json::{Document, Id, Kind, Put};
use std::collections::HashMap;

impl Composition {
    /// Makes the joins: onto an answer before that is joined itself, else in the order of the
    /// calls. What goes wrong with an optional call's is kept with its part, and the objects stay
    /// without.
    ///
    /// # Errors
    /// The required call whose answers could not be joined, and why.
    pub(crate) fn join(&self, parts: &mut [Part]) -> Result<(), (usize, Failure)> {
        for number in self.joins.iter().copied() {
            let Some(call) = self.calls.get(number) else { continue };
            let Some(failure) = self.join_one(call, parts.get(number), parts) else { continue };
            if call.is_required() {
                return Err((number, failure));
            }
            if let Some(Part::Answered(answered)) = parts.get_mut(number) {
                answered.failure = answered.failure.or(Some(failure));
            }
        }
        Ok(())
    }

    /// Joins the answers to one call; the first thing that went wrong.
    fn join_one(&self, call: &Call, part: Option<&Part>, parts: &[Part]) -> Option<Failure> {
        let (join, part) = (call.join.as_ref()?, part?);
        let how = call.each.as_ref().map(|each| each.how);
        // Nothing to join to, or a call that was not made: then nobody misses a partner.
        let mut partners = part.document()?.try_borrow_mut().ok()?;
        let mut target = parts.get(join.call)?.document()?.try_borrow_mut().ok()?;
        target.may_grow_to(self.most());
        let names = match part {
            Part::Answered(answered) if how != Some(How::All) => answered.items.as_deref(),
            _ => None,
        };
        let found = by_name(&mut partners, names, join);
        place(&mut target, &partners, &found, join)
    }
}

/// The partners by their names: what each was asked for, or what it says itself.
fn by_name(
    partners: &mut Document,
    names: Option<&[Vec<u8>]>,
    join: &Join,
) -> HashMap<Vec<u8>, Id> {
    let root = partners.root();
    if partners.kind(root) != Kind::Array {
        return HashMap::new();
    }
    let items: Vec<Id> = partners.children(root).collect();
    let mut found = HashMap::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        let name = match names {
            Some(names) => names.get(position).cloned(),
            None => name_of(partners, item, join),
        };
        // The first of a name: deterministic, whatever else there is. No answer is no partner.
        if let Some(name) = name.filter(|_| partners.kind(item) != Kind::Null) {
            found.entry(name).or_insert(item);
        }
    }
    found
}

fn name_of(document: &mut Document, item: Id, join: &Join) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    let id = *document.select(item, &join.key).first()?;
    text(document, id, &mut name)?;
    Some(name)
}

fn place(
    target: &mut Document,
    partners: &Document,
    found: &HashMap<Vec<u8>, Id>,
    join: &Join,
) -> Option<Failure> {
    // Each partner is put in once, and stands in as many places as it must.
    let mut puts: HashMap<Id, Put> = HashMap::new();
    let (root, mut failure) = (target.root(), None);
    for object in target.select(root, &join.to) {
        // What is no object has no place for a partner, and needs none.
        if target.kind(object) != Kind::Object {
            continue;
        }
        let mut name = Vec::new();
        let key = target.select(object, &join.by).first().copied();
        let is_named = key.and_then(|key| text(target, key, &mut name)).is_some();
        let partner = found.get(&name).filter(|_| is_named).copied();
        match put(target, partners, partner, (&mut puts, join)) {
            // All that follow would be too much, too.
            Err(Failure::TooLarge) => return failure.or(Some(Failure::TooLarge)),
            Err(wrong) => failure = failure.or(Some(wrong)),
            Ok(None) => {}
            Ok(Some(put)) => match target.place(object, &join.into) {
                Err(_) => return failure.or(Some(Failure::TooLarge)),
                Ok(places) => match places.ids.first() {
                    Some(place) => target.set(*place, put),
                    None => failure = failure.or(Some(Failure::Misfit)),
                },
            },
        }
    }
    failure
}

/// What an object gets; nothing where it stays as it is.
fn put(
    target: &mut Document,
    partners: &Document,
    partner: Option<Id>,
    (puts, join): (&mut HashMap<Id, Put>, &Join),
) -> Result<Option<Put>, Failure> {
    let Some(partner) = partner else {
        return match join.missing {
            Missing::Omitted => Ok(None),
            Missing::Null => target.put(b"null").map(Some).map_err(|_| Failure::TooLarge),
            Missing::Fails => Err(Failure::PartnerMissing),
        };
    };
    if let Some(put) = puts.get(&partner) {
        return Ok(Some(*put));
    }
    let mut json = Vec::new();
    partners.write(partner, &mut json).map_err(|_| Failure::TooLarge)?;
    let put = target.put(&json).map_err(|_| Failure::TooLarge)?;
    puts.insert(partner, put);
    Ok(Some(put))
}
