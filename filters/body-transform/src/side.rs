use crate::coding::Coding;
use crate::fault::{Fault, Forgiven};
use crate::form;
use crate::operation::{Step, Work};
use crate::text::Needs;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{HeaderName, HeaderValue, Headers, is_grpc_or_grpc_web};
use gatehouse_json::{Document, Names};

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
    /// The fields that `set_header` writes.
    pub(crate) fields: Vec<HeaderName>,
    pub(crate) steps: Vec<Step>,
    pub(crate) needs: Needs,
}

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Json,
    Form,
}

/// Which faults let the body go on as it is.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Passes {
    pub(crate) oversize: bool,
    pub(crate) invalid: bool,
    pub(crate) other_type: bool,
    pub(crate) unknown_encoding: bool,
}

/// A content type, or many: `application/json`, `application/*+json`, `text/*`.
#[derive(Debug)]
pub(crate) struct TypePattern {
    pub(crate) before: String,
    /// What follows the star; `None` where there is none.
    pub(crate) after: Option<String>,
}

/// A status code, or a class of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statuses {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

/// How a body is to be read that the head announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Announced {
    /// It is for this rule.
    Body(Coding),
    /// It is not of a type that the rule is for.
    OtherType,
}

/// A body in its new form.
pub(crate) struct Transformed {
    pub(crate) body: Vec<u8>,
    pub(crate) head: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Side {
    /// Whether the rule is for responses with this status.
    pub(crate) fn has_status(&self, status: Option<u16>) -> bool {
        let within = |statuses: &Statuses| {
            status.is_some_and(|status| (statuses.first..=statuses.last).contains(&status))
        };
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
        let encoding = head.only("content-encoding").map_err(|_| Fault::EncodingUnknown)?;
        let coding = Coding::named(encoding.unwrap_or_default().trim_ascii())
            .ok_or(Fault::EncodingUnknown)?;
        match content_length(head) {
            Some(length) if length > self.most as u64 => Err(Fault::TooLong),
            _ => Ok(Announced::Body(coding)),
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
            Announced::Body(_) if content_length(head).is_some_and(|length| length > 0) => {
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

    pub(crate) fn is_for(&self, content_type: &[u8]) -> bool {
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

    /// Brings a body into its new form.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn transform(
        &self,
        body: Vec<u8>,
        coding: Coding,
        facts: Sources<'_>,
    ) -> Result<Transformed, Fault> {
        let plain = coding.decode(body, self.most)?;
        let json = match self.read {
            // RFC 8259 §8.1: whoever reads may ignore a byte order mark; nobody may write one.
            Format::Json => {
                plain.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(plain)
            }
            Format::Form => form::to_json(&plain).ok_or(Fault::NotAForm)?,
        };
        let length = json.len();
        let document = Document::read_with(json, self.most.saturating_mul(4), self.names)?;
        let head = Vec::new();
        let mut work = Work { document, facts, head, skips_misfits: self.skips_misfits };
        let root = work.document.root();
        work.run(&self.steps, root)?;
        let Work { mut document, head, .. } = work;
        let written = match self.write {
            Format::Json => {
                let mut out = Vec::with_capacity(length.saturating_add(length / 8));
                document.write(root, &mut out)?;
                out
            }
            Format::Form => form::from_json(&mut document).ok_or(Fault::NoForm)?,
        };
        let body = if self.keep_encoding { coding.encode(written) } else { written };
        Ok(Transformed { body, head })
    }

    /// What the head must say of a transformed body: its type and encoding, and nothing about the
    /// bytes that came.
    pub(crate) fn relabel(&self, head: &mut Headers, coding: Coding) {
        if self.read != self.write {
            let value = match self.write {
                Format::Json => "application/json",
                Format::Form => form::FORM,
            };
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

/// Whether a field says several types: a comma that stands in no quoted parameter (RFC 9110
/// §5.6.4). Some readers take the first of them, some the last.
fn is_several(content_type: &[u8]) -> bool {
    let (mut quoted, mut escaped, mut comma_quoted) = (false, false, false);
    for byte in content_type {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            b',' => comma_quoted = true,
            _ => {}
        }
    }
    quoted && comma_quoted
}

fn content_length(head: &Headers) -> Option<u64> {
    std::str::from_utf8(head.first("content-length")?).ok()?.parse().ok()
}

/// A content type without its parameters.
fn essence(content_type: &[u8]) -> &[u8] {
    content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

impl TypePattern {
    fn matches(&self, essence: &[u8]) -> bool {
        let Some(after) = &self.after else { return essence == self.before.as_bytes() };
        // A problem document says what went wrong, in a form of its own (RFC 9457): it is meant by
        // its name only. So is gRPC.
        let rest = essence.strip_prefix(self.before.as_bytes());
        // RFC 9110 §8.3.1: type and subtype are tokens.
        let is_token =
            |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
        rest.is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after.as_bytes()))
            && essence.iter().filter(|byte| **byte == b'/').count() == 1
            && essence.iter().all(|byte| *byte == b'/' || is_token(byte))
            && essence != b"application/problem+json"
            // Messages with their lengths before them, and no document.
            && !is_grpc_or_grpc_web(essence)
    }
}

/// A field that the program itself knows.
pub(crate) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
pub(crate) const CONTENT_ENCODING: HeaderName = HeaderName::from_static("content-encoding");

/// Digests (RFC 9530, RFC 3230, RFC 1864) and the offer of ranges: of the bytes that came.
const OF_THE_BYTES: [HeaderName; 5] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("accept-ranges"),
];
