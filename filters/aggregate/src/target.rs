//! Where a call goes: a path and a query that no value can lead elsewhere.

use crate::origin::{Last, Origin, culprit};
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources, Template};
use gatehouse_filter::{percent_encoded, rules};

/// Path and query of a call, with templates.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    path: Template,
    query: Option<Template>,
}

/// Why a call cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unmade {
    /// Something that a template names is missing.
    Missing(Origin),
    /// A value would lead the call elsewhere, or cannot stand in a field.
    Refused(Origin),
}

impl Target {
    pub(crate) fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let template = Template::read(node, scope)?;
        if !template.literal_start().starts_with(b"/") {
            return node.fault("must begin with a slash: the host is the cluster's");
        }
        let is_bad = |byte: &u8| !matches!(byte, b'!'..=b'~') || *byte == b'#';
        if template.literals().flatten().any(is_bad) {
            return node
                .fault("must be printable ASCII without spaces and `#`, escaped as in a URL");
        }
        if template.literals().any(has_bad_escape) {
            return node.fault("has a `%` that begins no escape: write `%25`");
        }
        let (path, query) = template.split_at(b'?');
        if path.fallbacks().iter().any(|text| leaves_its_segment(text)) {
            return node
                .fault("has a `default` that no path can have: it is empty, or has a slash");
        }
        let literal: Vec<u8> = path.literals().collect::<Vec<_>>().concat();
        if !path.needs_request() && rules::may_lead_elsewhere(&literal) {
            return node.fault("must not have dot segments, nor escaped slashes");
        }
        Some(Self { path, query })
    }

    /// The path and query as text. What a value says is percent-encoded (RFC 3986 §2.1), so that it
    /// is one segment, or one value, whatever it is.
    ///
    /// # Errors
    /// [`Unmade`].
    pub(crate) fn render(&self, sources: &Sources<'_>, last: &Last) -> Result<String, Unmade> {
        let mut target = Vec::with_capacity(64);
        let mut refused = None;
        last.take();
        let encode = |value: &[u8], out: &mut Vec<u8>| {
            let origin = last.take();
            out.extend(percent_encoded(value));
            if leaves_its_segment(value) {
                refused = Some(origin);
            }
            refused.is_none().then_some(())
        };
        let path = self.path.render_encoded(sources, &mut target, encode);
        if let Some(origin) = refused {
            return Err(Unmade::Refused(origin));
        }
        path.ok_or_else(|| Unmade::Missing(last.take()))?;
        if rules::may_lead_elsewhere(&target) {
            let is_bad = |value: &[u8]| {
                rules::may_lead_elsewhere(
                    &[b"/".to_vec(), percent_encoded(value).collect()].concat(),
                )
            };
            return Err(Unmade::Refused(culprit(&self.path, (sources, last), is_bad)));
        }
        if let Some(query) = &self.query {
            target.push(b'?');
            let encode = |value: &[u8], out: &mut Vec<u8>| {
                last.take();
                out.extend(percent_encoded(value));
                Some(())
            };
            query
                .render_encoded(sources, &mut target, encode)
                .ok_or_else(|| Unmade::Missing(last.take()))?;
        }
        String::from_utf8(target).map_err(|_| Unmade::Refused(Origin::Request))
    }
}

/// Servers that undo escapes before they route would see another path; an empty segment is one that
/// many leave out.
fn leaves_its_segment(value: &[u8]) -> bool {
    value.is_empty() || value.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}

/// RFC 3986 §2.1.
fn has_bad_escape(text: &[u8]) -> bool {
    let mut escapes = text.split(|byte| *byte == b'%').skip(1);
    escapes
        .any(|rest| !rest.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}
