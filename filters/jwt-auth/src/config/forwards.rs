//! What of a token is written to header fields.

use super::sources::is_field;
use crate::forward::{ClaimToHeader, Form, Forwarded};
use crate::payload::PayloadForm;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::credential::Source;
use gatehouse_filter::{FieldChange, Head, HeaderName};

/// Reads a list of claims, each with the field that it is written to; `sources` are those of the
/// provider.
pub(super) fn read(node: &Node<'_>, sources: &[Source]) -> Option<Vec<ClaimToHeader>> {
    let mut headers: Vec<HeaderName> = Vec::new();
    node.nonempty_list(|node| {
        let mut fields = node.fields()?;
        // RFC 6901 §5: the empty pointer is to the whole document.
        let claim = fields.required("claim", |node| match node.text_or_empty()? {
            "" => Some(None),
            path => Some(Some(path.to_owned())),
        });
        let header = fields.required("header", |node| header(&node, &mut headers, sources));
        let what = match claim {
            Some(Some(path)) => form_of_claim(&mut fields).map(|it| Forwarded::Claim(path, it)),
            Some(None) => form_of_all(&mut fields).map(Forwarded::All),
            // Of a claim that is wrong the form may be that of any.
            None => fields.optional("form", |node| node.one_of(&ALL_FORMS)).and(None),
        };
        fields.finish();
        Some(ClaimToHeader { what: what?, header: header? })
    })
}

const ALL_FORMS: [(&str, ()); 4] = [("csv", ()), ("json", ()), ("repeated", ()), ("base64url", ())];

fn form_of_claim(fields: &mut Fields<'_>) -> Option<Form> {
    const FORMS: [(&str, Form); 3] =
        [("csv", Form::Csv), ("json", Form::Json), ("repeated", Form::Repeated)];
    fields.with_default("form", Form::Csv, |node| match node.word(&[("base64url", ())]) {
        Some(()) => node.fault("is for all claims, `claim: \"\"`"),
        _ => node.one_of(&FORMS),
    })
}

fn form_of_all(fields: &mut Fields<'_>) -> Option<PayloadForm> {
    const FORMS: [(&str, PayloadForm); 2] =
        [("base64url", PayloadForm::Base64Url), ("json", PayloadForm::Json)];
    fields.with_default("form", PayloadForm::Base64Url, |node| node.one_of(&FORMS))
}

/// A field that a claim may be written to.
fn header(node: &Node<'_>, taken: &mut Vec<HeaderName>, sources: &[Source]) -> Option<HeaderName> {
    let name = Head::Request.field(FieldChange::Write, node)?;
    if matches!(name.as_str(), "authorization" | "cookie") {
        return node.fault("must not be a field that authenticates the request");
    }
    if sources.iter().any(|source| is_field(source, &name)) {
        return node.fault("must not be a field that tokens are read from: it is removed before");
    }
    if taken.contains(&name) {
        return node.fault("must be unique: an earlier claim is written to it");
    }
    if let Some(taken) = taken.iter().find(|taken| taken.is_read_as(&name)) {
        let taken = taken.as_str();
        return node.fault(format!(
            "must be unique: upstreams may take it for `{taken}`, which an \
         earlier claim is written to"
        ));
    }
    taken.push(name.clone());
    Some(name)
}
