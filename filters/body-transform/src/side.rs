//! What a rule does with bodies of one direction.

use crate::content_type::{TypePattern, is_several};
use crate::fault::{Fault, Forgiven};
use crate::format::{Format, Label, Read};
use crate::patterns::{MOST_WORK, Replacement, replaced};
use crate::query;
use gatehouse_coding::Coding;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{Body, HeaderName, HeaderValue, Headers, Statuses, essence};
use gatehouse_json::{Document, Names};
use gatehouse_shape::{Shaping, Work};

/// What a rule does with the bodies of one direction.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) types: Vec<TypePattern>,
    pub(crate) statuses: Vec<Statuses>,
    pub(crate) read: Format,
    pub(crate) write: Format,
    /// Whether an encoded body is encoded again.
    pub(crate) keep_encoding: bool,
    pub(crate) most: usize,
    pub(crate) passes: Passes,
    pub(crate) names: Names,
    /// Whether a change whose path does not fit is left out.
    pub(crate) skips_misfits: bool,
    pub(crate) shaping: Shaping,
    /// What is replaced in texts.
    pub(crate) texts: Vec<Replacement>,
    /// The longest query that is made of a body.
    pub(crate) most_query: usize,
}

/// Which faults let the body go on as it is.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Passes {
    pub(crate) oversize: bool,
    pub(crate) invalid: bool,
    pub(crate) other_type: bool,
    pub(crate) unknown_encoding: bool,
}

/// How a body is to be read that the head announces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Announced {
    /// It is for this rule.
    Body(Labelled),
    /// It is not of a type that the rule is for.
    OtherType,
}

/// How a body is to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Labelled {
    pub(crate) coding: Coding,
    pub(crate) label: Label,
}

/// What became of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Transformed,
    /// There was nothing to transform.
    Untouched,
}

/// A body in its new form, and what of it goes into the head.
struct Transformed {
    body: Vec<u8>,
    head: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Side {
    /// Whether the rule is for responses with this status.
    pub(crate) fn has_status(&self, status: Option<u16>) -> bool {
        let within = |statuses: &Statuses| status.is_some_and(|status| statuses.has(status));
        self.statuses.is_empty() || self.statuses.iter().any(within)
    }

    /// What the head says of the body.
    ///
    /// # Errors
    /// The fault that shows before the body has come.
    pub(crate) fn announced(&self, head: &Headers) -> Result<Announced, Fault> {
        // Two content types, which Envoy joins with a comma: whoever picks one lets the sender
        // choose what is looked at.
        let content_type =
            head.only("content-type").map_err(|_| Fault::SeveralTypes)?.unwrap_or_default();
        if is_several(content_type) {
            return Err(Fault::SeveralTypes);
        }
        if !self.is_for(content_type) {
            return self.other_type();
        }
        let Some(label) = self.read.label(content_type) else { return self.other_type() };
        let encoding = head.only("content-encoding").map_err(|_| Fault::EncodingUnknown)?;
        let coding = Coding::named(encoding.unwrap_or_default().trim_ascii())
            .ok_or(Fault::EncodingUnknown)?;
        match head.content_length() {
            Some(length) if length > self.most as u64 => Err(Fault::TooLong),
            _ => Ok(Announced::Body(Labelled { coding, label })),
        }
    }

    /// The same of a request that asks for another protocol (RFC 9110 §7.8, §9.3.6). What follows
    /// it is no document and has no end. With a `content-length` there may be a document before it,
    /// for an upstream that does not change.
    ///
    /// # Errors
    /// See [`announced`](Self::announced).
    pub(crate) fn announced_before_another_protocol(
        &self,
        head: &Headers,
    ) -> Result<Announced, Fault> {
        match self.announced(head)? {
            Announced::Body(_) if head.content_length().is_some_and(|length| length > 0) => {
                Err(Fault::ProtocolChanges)
            }
            Announced::Body(_) => self.other_type(),
            Announced::OtherType => Ok(Announced::OtherType),
        }
    }

    /// What is no document of the rule's.
    ///
    /// # Errors
    /// [`Fault::TypeRefused`] where the rule takes nothing else.
    pub(crate) fn other_type(&self) -> Result<Announced, Fault> {
        if self.passes.other_type { Ok(Announced::OtherType) } else { Err(Fault::TypeRefused) }
    }

    fn is_for(&self, content_type: &[u8]) -> bool {
        let essence = essence(content_type).to_ascii_lowercase();
        self.types.iter().any(|pattern| pattern.matches(&essence))
    }

    /// Whether a body with this fault goes on as it is.
    pub(crate) fn passes(&self, fault: Fault) -> bool {
        match fault.forgiven() {
            Forgiven::OnOversize => self.passes.oversize,
            Forgiven::OnInvalid => self.passes.invalid,
            Forgiven::OnOtherType => self.passes.other_type,
            Forgiven::OnUnknownEncoding => self.passes.unknown_encoding,
            Forgiven::Never => false,
        }
    }

    /// Brings a body that has come into its new form, and the head with it where it waits.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn apply(
        &self,
        body: &mut Body,
        labelled: Labelled,
        facts: Sources<'_>,
        head: Option<&mut Headers>,
    ) -> Result<Outcome, Fault> {
        let bytes = body.bytes().ok_or(Fault::TooLong)?;
        if bytes.is_empty() {
            if let Some(head) = head.filter(|_| self.write == Format::Query) {
                query::without_content(head);
            }
            return Ok(Outcome::Untouched);
        }
        let coding = labelled.coding;
        let mut transformed = self.transform(bytes, labelled, facts)?;
        if let Some(head) = head {
            self.relabel(head, coding);
            if self.write == Format::Query {
                query::put(&std::mem::take(&mut transformed.body), self.most_query, head)?;
            }
            for (name, value) in transformed.head {
                match value {
                    Some(value) => head.set(&name, value),
                    None => head.remove(&name),
                }
            }
        }
        body.replace(transformed.body);
        Ok(Outcome::Transformed)
    }

    fn transform(
        &self,
        body: Vec<u8>,
        labelled: Labelled,
        facts: Sources<'_>,
    ) -> Result<Transformed, Fault> {
        let Labelled { coding, label } = labelled;
        let plain = coding.decode(body, self.most)?;
        let most = self.most.saturating_mul(4);
        let (written, head) = if self.read == Format::Text {
            (replaced(&self.texts, plain, most, MOST_WORK)?, Vec::new())
        } else {
            let Read { json, form } = self.read.read(plain, label)?;
            let length = json.len();
            let document = Document::read_with(json, most, self.names)?;
            let head = Vec::new();
            let mut work = Work { document, facts, head, skips_misfits: self.skips_misfits };
            let root = work.document.root();
            work.run(&self.shaping, root)?;
            let Work { mut document, head, .. } = work;
            (self.write.write(&mut document, form.as_ref(), length)?, head)
        };
        let encodes = self.keep_encoding && self.write != Format::Query;
        let body = if encodes { coding.encode(written) } else { written };
        Ok(Transformed { body, head })
    }

    /// Takes out of the head of a response without a body what is not true of the one that a GET
    /// would be answered with: it has another length, and maybe another encoding (RFC 9110 §8.6).
    pub(crate) fn unlabel(&self, status: Option<u16>, head: &mut Headers) {
        let content_type = head.first("content-type").unwrap_or_default();
        if status == Some(304) || self.is_for(content_type) {
            head.remove(&CONTENT_LENGTH);
            if !self.keep_encoding {
                head.remove(&CONTENT_ENCODING);
            }
        }
    }

    /// What the head must say of a transformed body: its type and encoding, and nothing about the
    /// bytes that came.
    pub(crate) fn relabel(&self, head: &mut Headers, coding: Coding) {
        if self.read != self.write
            && let Some(value) = self.write.content_type()
        {
            head.set(&CONTENT_TYPE, HeaderValue::from_static(value));
        }
        if coding != Coding::Plain && !self.keep_encoding {
            head.remove(&CONTENT_ENCODING);
        }
        for field in &OF_THE_BYTES {
            if head.first(field.as_str()).is_some() {
                head.remove(field);
            }
        }
    }
}

/// A field that the program itself knows.
pub(crate) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
pub(crate) const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
pub(crate) const CONTENT_ENCODING: HeaderName = HeaderName::from_static("content-encoding");

/// Digests (RFC 9530, RFC 3230, RFC 1864) and the offer of ranges: of the bytes that came.
pub(crate) const OF_THE_BYTES: [HeaderName; 5] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("accept-ranges"),
];
