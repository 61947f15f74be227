//! Who a token is about, as the filters after this one are told.

use crate::claims::{Claims, is_text};
use crate::json::Member;
use gatehouse_filter::{Caller, RawIdentity};
use gatehouse_json::{Kind, push_quoted};
use std::borrow::Cow;

/// Where an issuer writes what others write in `scope`, `roles` and `groups`, and what is nowhere
/// by custom: the path of a claim each; see [`claim_names`](gatehouse_filter::claim_names).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Places {
    pub(crate) consumer: Option<String>,
    pub(crate) tier: Option<String>,
    pub(crate) scopes: Option<String>,
    pub(crate) roles: Option<String>,
    pub(crate) groups: Option<String>,
}

impl Places {
    /// Who a token is about. To be called after the signature was verified.
    pub(crate) fn caller(&self, claims: &Claims) -> Caller {
        let at = |place: &Option<String>| claims.at(place.as_deref()?);
        let or = |place: &Option<String>, usual| if place.is_some() { at(place) } else { usual };
        // Of another type, and without a letter, it names nobody.
        let named = |place| at(place).filter(|member| is_text(*member) && member.raw() != b"\"\"");
        let (consumer, tier) = (named(&self.consumer), named(&self.tier));
        let [issuer, subject] = claims.raw_names();
        let owned = |text: Cow<'_, str>| text.into_owned();
        let consumer_name = consumer.and_then(Member::text).map(owned);
        let (consumer, consumer_name) = match (consumer, self.consumer.as_deref()) {
            // A number is no text, but as a subject it is taken for one.
            (None, Some("sub")) => {
                (subject.as_deref(), claims.subject().filter(|it| !it.is_empty()).map(owned))
            }
            (consumer, _) => (consumer.map(Member::raw), consumer_name),
        };
        let identity = RawIdentity {
            issuer: issuer.as_deref(),
            subject: subject.as_deref(),
            consumer,
            scopes: or(&self.scopes, claims.scopes()).map(words),
            roles: or(&self.roles, claims.roles()).map(texts),
            groups: or(&self.groups, claims.groups()).map(texts),
            tier: tier.map(Member::raw),
            claims: claims.raw(),
        };
        Caller::from_json(claims.subject().map(owned), consumer_name, identity.to_bytes())
    }
}

/// The texts of a list, as a list in JSON; one text stands for a list of one. Whatever is no text
/// grants nothing.
fn texts(member: Member<'_>) -> Cow<'_, [u8]> {
    if member.kind() == Kind::Array && member.items().all(is_text) {
        return Cow::Borrowed(member.raw());
    }
    let texts = [member].into_iter().chain(member.items()).filter(|member| is_text(*member));
    let mut list = vec![b'['];
    for text in texts {
        list.extend_from_slice(text.raw());
        list.push(b',');
    }
    Cow::Owned(closed(list))
}

/// The words of a text separated by spaces, or the texts of a list, as a list in JSON.
fn words(member: Member<'_>) -> Cow<'_, [u8]> {
    let raw = match member.text() {
        None => return texts(member),
        Some(Cow::Borrowed(_)) => Cow::Borrowed(member.raw()),
        // An escape may stand for a space. Written anew, no space is escaped.
        Some(Cow::Owned(text)) => {
            let mut quoted = Vec::with_capacity(text.len().saturating_add(2));
            push_quoted(text.as_bytes(), &mut quoted);
            Cow::Owned(quoted)
        }
    };
    let text = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    // Each word takes the place of the space before it, and three characters more.
    let mut list = Vec::with_capacity(text.len().saturating_mul(2).saturating_add(8));
    list.push(b'[');
    for word in text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        list.push(b'"');
        list.extend_from_slice(word);
        list.extend_from_slice(b"\",");
    }
    Cow::Owned(closed(list))
}

/// A list in JSON whose items each have a comma behind them.
fn closed(mut list: Vec<u8>) -> Vec<u8> {
    if list.len() > 1 {
        list.pop();
    }
    list.push(b']');
    list
}
