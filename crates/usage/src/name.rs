//! The name of a member of an object, read as it comes.

use crate::Paths;

/// The name of a member, as far as it has come: decoded (RFC 8259 §7), and of a long one only that
/// it is none that anybody looks for.
#[derive(Default, Debug)]
pub(crate) struct Name {
    bytes: Vec<u8>,
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    /// It is too long, or malformed: nobody looks for it.
    is_other: bool,
}

#[derive(Clone, Copy, Default, Debug)]
enum Escape {
    #[default]
    None,
    Begun,
    /// So many digits have come.
    Hex {
        digits: u8,
        unit: u16,
    },
}

impl Name {
    pub(crate) fn begin(&mut self) {
        self.bytes.clear();
        self.escape = Escape::None;
        self.high = None;
        self.is_other = false;
    }

    /// Takes a byte. Whether the name ends with it.
    pub(crate) fn ends(&mut self, byte: u8) -> bool {
        match self.escape {
            Escape::None if byte == b'"' => return true,
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            Escape::None => self.push(&[byte]),
            Escape::Begun => {
                self.escape = Escape::None;
                match byte {
                    b'u' => self.escape = Escape::Hex { digits: 0, unit: 0 },
                    b'"' | b'\\' | b'/' => self.push(&[byte]),
                    b'b' => self.push(b"\x08"),
                    b'f' => self.push(b"\x0c"),
                    b'n' => self.push(b"\n"),
                    b'r' => self.push(b"\r"),
                    b't' => self.push(b"\t"),
                    _ => self.is_other = true,
                }
            }
            Escape::Hex { digits, unit } => self.hex(byte, digits, unit),
        }
        false
    }

    fn hex(&mut self, byte: u8, digits: u8, unit: u16) {
        let digit = char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
        let Some(digit) = digit else {
            // The byte may be a quote: it ends the name of a writer who counts otherwise.
            self.is_other = true;
            self.escape = if byte == b'\\' { Escape::Begun } else { Escape::None };
            return;
        };
        let unit = unit << 4 | digit;
        if digits < 3 {
            self.escape = Escape::Hex { digits: digits.saturating_add(1), unit };
            return;
        }
        self.escape = Escape::None;
        let high = self.high.take();
        let units = high.into_iter().chain([unit]);
        match char::decode_utf16(units).collect::<Result<String, _>>() {
            Ok(text) => self.push(text.as_bytes()),
            Err(_) if high.is_none() && (0xd800..0xdc00).contains(&unit) => self.high = Some(unit),
            Err(_) => self.is_other = true,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.high.is_some() || self.bytes.len().saturating_add(bytes.len()) > Paths::LONGEST_NAME
        {
            self.is_other = true;
        }
        if !self.is_other {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The name, where it may be one that somebody looks for.
    pub(crate) fn decoded(&self) -> Option<&[u8]> {
        (!self.is_other && self.high.is_none()).then_some(&self.bytes)
    }
}
