//! A credential that is one of the members of a list, as browsers send them with WebSockets: a
//! script can set no other field there than `sec-websocket-protocol`, whose members are tokens
//! (RFC 6455 §4.1).

use super::{decoded_base64url, starts_with};
use crate::list::members;
use crate::{HeaderName, HeaderValue, InvalidValue, Request};
use std::borrow::Cow;

/// A header field whose value is a list, and which of its members is a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// The field.
    pub name: HeaderName,
    /// By what the member is known.
    pub mark: Mark,
    /// Whether it is in base64url: not all characters of a credential can be in a member.
    pub is_encoded: bool,
}

/// By what a member is known, compared without regard to case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// What it begins with: what follows is the credential.
    Prefix(String),
    /// What the member before it is.
    After(String),
}

impl Member {
    /// Every credential there is, of whatever field of this name: together they are one list (RFC
    /// 9110 §5.3). Longer ones than `most` bytes are not decoded.
    pub(super) fn credentials<'r>(
        &'r self,
        request: &'r Request<'_>,
        most: usize,
    ) -> impl Iterator<Item = Cow<'r, [u8]>> {
        let mut place = Place::new(&self.mark);
        let members = request.headers.values(self.name.as_str()).flat_map(members);
        let found = members.filter_map(move |member| place.credential(member));
        found.map(move |it| match self.is_encoded {
            true => decoded_base64url(it, most),
            false => Cow::Borrowed(it),
        })
    }

    /// Takes them out; the others stay, what marks one among them: the upstream may be one that
    /// selects that.
    pub(super) fn strip(&self, request: &mut Request<'_>) -> Result<(), InvalidValue> {
        let mut rest = Vec::new();
        let mut place = Place::new(&self.mark);
        let mut is_changed = false;
        for field in request.headers.values(self.name.as_str()) {
            let mut is_first = true;
            let mut kept: Vec<&[u8]> = Vec::new();
            for piece in field.split(|byte| *byte == b',') {
                let member = piece.trim_ascii();
                let is_credential = !member.is_empty() && place.credential(member).is_some();
                is_changed |= is_credential;
                if !is_credential {
                    // The blank belongs to the comma that went with the member before.
                    kept.push(if kept.is_empty() && !is_first {
                        piece.trim_ascii()
                    } else {
                        piece
                    });
                }
                is_first = false;
            }
            if kept.iter().any(|piece| !piece.trim_ascii().is_empty()) {
                rest.push(HeaderValue::try_from(kept.join(&b','))?);
            }
        }
        if is_changed {
            request.headers.remove(&self.name);
            rest.into_iter().for_each(|field| request.headers.append(&self.name, field));
        }
        Ok(())
    }
}

impl Mark {
    /// Whether one member can be a credential by both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(one), Self::Prefix(other)) => {
                starts_with(one.as_bytes(), other) || starts_with(other.as_bytes(), one)
            }
            (Self::After(one), Self::After(other)) => one.eq_ignore_ascii_case(other),
            // Whatever comes after the one may begin like the other.
            (Self::Prefix(_), Self::After(_)) | (Self::After(_), Self::Prefix(_)) => true,
        }
    }
}

/// How far a list has been read.
struct Place<'m> {
    mark: &'m Mark,
    /// Whether the member before was the mark.
    is_after: bool,
}

impl<'m> Place<'m> {
    fn new(mark: &'m Mark) -> Self {
        Self { mark, is_after: false }
    }

    /// The credential that the next member is.
    fn credential<'v>(&mut self, member: &'v [u8]) -> Option<&'v [u8]> {
        match self.mark {
            Mark::Prefix(prefix) => {
                starts_with(member, prefix).then(|| member.get(prefix.len()..).unwrap_or_default())
            }
            Mark::After(mark) => {
                let is_mark = member.eq_ignore_ascii_case(mark.as_bytes());
                std::mem::replace(&mut self.is_after, is_mark).then_some(member)
            }
        }
    }
}
