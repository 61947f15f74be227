//! A body on its way, as far as it has come.

use crate::fault::Fault;
use crate::{Direction, Proxy};
use gatehouse_filter::{Body, Bytes, Collect, HeaderName, HeaderValue, Headers};

/// A body as far as it has come and is held.
#[derive(Default, Debug)]
pub(crate) struct Arriving {
    /// How much has come and is held, in bytes.
    pub(crate) size: usize,
    /// How it ended, where it has.
    pub(crate) end: Option<End>,
    /// The bytes, where they were read and nobody has taken them.
    bytes: Option<Vec<u8>>,
    /// A body that the host does not have: that of a response which takes another one's place.
    own: Option<Bytes>,
}

/// How a body ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// With its last byte.
    Body,
    /// With trailers: its length can no longer be told in the head.
    Trailers,
}

impl Arriving {
    /// A body that is all there, and that the host does not have.
    pub(crate) fn own(bytes: Bytes) -> Self {
        let size = bytes.as_slice().len();
        Self { size, end: Some(End::Body), bytes: None, own: Some(bytes) }
    }

    /// The body that the host does not have, where it is such a one.
    pub(crate) fn into_own(self) -> Option<Bytes> {
        self.own
    }

    /// All that is held, whoever holds it.
    ///
    /// # Errors
    /// [`Fault::BodyUnread`] where the host does not give what it says that it has.
    pub(crate) fn held(&self, of: Direction, proxy: &dyn Proxy) -> Result<Vec<u8>, Fault> {
        let bytes = match &self.own {
            Some(own) => own.as_slice().to_vec(),
            None => proxy.body(of, self.size).map_err(|_| Fault::BodyUnread)?,
        };
        // Fewer bytes than were announced are not the body: a guard would judge another.
        if bytes.len() == self.size { Ok(bytes) } else { Err(Fault::BodyUnread) }
    }

    /// More has come: `size` is all that is held.
    pub(crate) fn came(&mut self, size: usize, is_end: bool) {
        self.size = size;
        self.bytes = None;
        if is_end {
            self.end = Some(End::Body);
        }
    }

    /// Whether a filter with this wish can be given the body now: it has ended, or is too long
    /// already.
    pub(crate) fn is_ready(&self, collect: Collect) -> bool {
        self.end.is_some() || self.size > collect.max_bytes
    }

    /// The body, for a filter with this wish.
    ///
    /// # Errors
    /// [`Fault::BodyUnread`] where the host does not give what it says that it has.
    pub(crate) fn take(
        &mut self,
        of: Direction,
        collect: Collect,
        proxy: &dyn Proxy,
    ) -> Result<Body, Fault> {
        if self.size > collect.max_bytes {
            return Ok(Body::too_long());
        }
        if self.size == 0 {
            return Ok(Body::new(Vec::new()));
        }
        match self.bytes.take().filter(|bytes| bytes.len() == self.size) {
            Some(bytes) => Ok(Body::new(bytes)),
            None => self.held(of, proxy).map(Body::new),
        }
    }

    /// Takes the body back. Where it was replaced, the host is told at once, and so is the head,
    /// where there is one.
    ///
    /// # Errors
    /// [`Fault::BodyUnchanged`] where it cannot be replaced.
    pub(crate) fn put_back(
        &mut self,
        of: Direction,
        body: Body,
        collect: Collect,
        head: Option<&mut Headers>,
        proxy: &dyn Proxy,
    ) -> Result<(), Fault> {
        let (bytes, replacement) = body.into_parts();
        let Some(replacement) = replacement else {
            self.bytes = bytes;
            return Ok(());
        };
        if !collect.may_replace || self.size > collect.max_bytes {
            return Err(Fault::BodyUnchanged);
        }
        match &mut self.own {
            Some(own) => *own = Bytes::from(replacement.clone()),
            None => {
                proxy.replace_body(of, self.size, &replacement).map_err(|_| Fault::BodyUnchanged)?
            }
        }
        if let Some(head) = head {
            match self.end {
                Some(End::Body) => {
                    let length = u64::try_from(replacement.len()).unwrap_or(u64::MAX);
                    head.set(&CONTENT_LENGTH, HeaderValue::from_number(length));
                }
                Some(End::Trailers) | None => head.remove(&CONTENT_LENGTH),
            }
        }
        self.size = replacement.len();
        self.bytes = Some(replacement);
        Ok(())
    }
}

/// RFC 9110 §8.6.
pub(crate) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
