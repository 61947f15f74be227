//! A parameter that has one value for everybody who reads it.

use super::parameters::Parameters;
use super::spelling::{Readings, folded};
use super::{Folded, decoded_text};
use crate::config::Node;
use crate::rules::AmbiguousTarget;
use std::rc::Rc;

/// A parameter of the query whose value is compared with something else.
#[derive(PartialEq, Eq, Debug)]
pub struct Parameter {
    name: Box<str>,
    /// The one name that is looked for.
    folded: Rc<[Folded]>,
}

impl Parameter {
    /// Reads its name, which is compared decoded.
    pub fn read(node: &Node<'_>) -> Option<Self> {
        decoded_text(node).map(Self::new)
    }

    fn new(name: Box<str>) -> Self {
        let spelling: Folded = folded(name.bytes()).collect();
        Self { folded: Rc::from([spelling]), name }
    }

    /// The value in a query, decoded; `None` where the parameter is not there.
    ///
    /// # Errors
    /// [`AmbiguousTarget`] where others may read another value: it is there several times, in
    /// another spelling of its name, behind a semicolon, or can be decoded in several ways.
    pub fn value_in(&self, query: &[u8]) -> Result<Option<Vec<u8>>, AmbiguousTarget> {
        let parameters = Parameters::find(query, Rc::clone(&self.folded));
        let Some(folded) = self.folded.first() else { return Ok(None) };
        let mut found: Option<Vec<u8>> = None;
        for value in parameters.spelt(folded) {
            let readings = Readings::of(value).map_err(|_| AmbiguousTarget)?;
            if readings.is_broken {
                return Err(AmbiguousTarget);
            }
            for form in readings.forms {
                if found.get_or_insert_with(|| form.clone()) != &form {
                    return Err(AmbiguousTarget);
                }
            }
        }
        let is_plain = parameters.values(folded, &self.name).next().is_some();
        if found.is_some() && !is_plain { Err(AmbiguousTarget) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_has_one_value_or_none_that_can_be_told() {
        let tenant = Parameter::new("tenant".into());
        for (query, want) in [
            ("", Ok(None)),
            ("a=b&tenants=c", Ok(None)),
            ("tenant=acme", Ok(Some("acme"))),
            ("a&t%65nant=%61cme&b", Ok(Some("acme"))),
            ("tenant=acme&tenant=acme", Ok(Some("acme"))),
            ("tenant=", Ok(Some(""))),
            ("tenant", Ok(Some(""))),
            ("tenant=a%20b", Ok(Some("a b"))),
            ("tenant=acme&tenant=other", Err(AmbiguousTarget)),
            ("tenant=acme&Tenant=other", Err(AmbiguousTarget)),
            ("Tenant=acme", Err(AmbiguousTarget)),
            ("tenant[]=acme", Err(AmbiguousTarget)),
            ("a=b;tenant=acme", Err(AmbiguousTarget)),
            ("tenant=acme;b", Err(AmbiguousTarget)),
            ("tenant=a+b", Err(AmbiguousTarget)),
            ("tenant=%2561cme", Err(AmbiguousTarget)),
            ("tenant=acme%00", Err(AmbiguousTarget)),
            ("tenant=acme%", Err(AmbiguousTarget)),
        ] {
            let want = want.map(|value| value.map(|text| text.as_bytes().to_vec()));
            assert_eq!(tenant.value_in(query.as_bytes()), want, "{query}");
        }
    }
}
