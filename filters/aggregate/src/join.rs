//! Joins the answers for items to the objects that they were asked for.

use crate::composition::Composition;
use crate::each::{How, Join, Missing};
use crate::fact::text;
use crate::failure::Failure;
use crate::part::Part;
use gatehouse_json::{Document, Id, Kind, Put};
use std::collections::HashMap;

impl Composition {
    /// Makes the joins, in the order of the calls.
    ///
    /// # Errors
    /// The call whose answers could not be joined, and why.
    pub(crate) fn join(&self, parts: &[Part]) -> Result<(), (usize, Failure)> {
        for (number, call) in self.calls.iter().enumerate() {
            let (Some(join), Some(part)) = (&call.join, parts.get(number)) else { continue };
            let how = call.each.as_ref().map(|each| each.how);
            let partners = part.document().and_then(|partners| partners.try_borrow_mut().ok());
            let target = parts.get(join.call).and_then(Part::document);
            let target = target.and_then(|target| target.try_borrow_mut().ok());
            // Nothing to join to, or a call that was not made: then nobody misses a partner.
            let (Some(mut target), Some(mut partners)) = (target, partners) else { continue };
            let names = match part {
                Part::Answered(answered) if how != Some(How::All) => answered.items.as_deref(),
                _ => None,
            };
            let found = by_name(&mut partners, names, join);
            place(&mut target, &partners, &found, join).map_err(|failure| (number, failure))?;
        }
        Ok(())
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
) -> Result<(), Failure> {
    // Each partner is put in once, and stands in as many places as it must.
    let mut puts: HashMap<Id, Put> = HashMap::new();
    let root = target.root();
    for object in target.select(root, &join.to) {
        let mut name = Vec::new();
        let key = target.select(object, &join.by).first().copied();
        let is_named = key.and_then(|key| text(target, key, &mut name)).is_some();
        let partner = found.get(&name).filter(|_| is_named);
        let put = match (partner, join.missing) {
            (Some(partner), _) => match puts.get(partner) {
                Some(put) => *put,
                None => {
                    let mut json = Vec::new();
                    partners.write(*partner, &mut json).map_err(|_| Failure::TooLarge)?;
                    let put = target.put(&json).map_err(|_| Failure::TooLarge)?;
                    puts.insert(*partner, put);
                    put
                }
            },
            (None, Missing::Omitted) => continue,
            (None, Missing::Null) => target.put(b"null").map_err(|_| Failure::TooLarge)?,
            (None, Missing::Fails) => return Err(Failure::PartnerMissing),
        };
        let places = target.place(object, &join.into).map_err(|_| Failure::TooLarge)?;
        let place = *places.ids.first().ok_or(Failure::Misfit)?;
        target.set(place, put);
    }
    Ok(())
}
