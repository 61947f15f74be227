use crate::read::Fault;

const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
pub(crate) const HIGHS: u64 = 0x8080_8080_8080_8080;

/// What is known of a string after it has been scanned.
#[derive(Clone, Copy)]
pub(crate) struct Scanned {
    /// Where the closing quote is.
    pub(crate) end: usize,
    /// Whether it has escapes.
    pub(crate) escaped: bool,
    /// Has the high bit of a byte set where a byte is not ASCII.
    pub(crate) high: u64,
}

/// Scans a string from the byte after its opening quote.
pub(crate) fn scan(text: &[u8], start: usize) -> Result<Scanned, (Fault, usize)> {
    let mut at = start;
    let mut escaped = false;
    let mut high = 0;
    loop {
        // Eight bytes at a time, as long as none of them ends or escapes anything.
        while let Some(word) = word(text, at) {
            high |= word;
            let special = special(word);
            if special == 0 {
                at = at.wrapping_add(8);
                continue;
            }
            at = at.wrapping_add(special.trailing_zeros() as usize / 8);
            break;
        }
        let Some(byte) = text.get(at) else { return Err((Fault::Syntax, at)) };
        match byte {
            b'"' => return Ok(Scanned { end: at, escaped, high }),
            b'\\' => {
                escaped = true;
                at = escape(text, at).ok_or((Fault::Syntax, at))?;
            }
            0..0x20 => return Err((Fault::Syntax, at)),
            byte => {
                high |= u64::from(*byte);
                at = at.wrapping_add(1);
            }
        }
    }
}

/// Where a string without escapes ends, from the byte after its opening quote, and the bits of all its
/// words; `None` where that is not so easily said.
#[inline(always)]
pub(crate) fn plain(text: &[u8], start: usize) -> Option<(usize, u64)> {
    let mut at = start;
    let mut high = 0;
    loop {
        let word = word(text, at)?;
        high |= word;
        let special = special(word);
        if special != 0 {
            let end = at.wrapping_add(special.trailing_zeros() as usize / 8);
            return (text.get(end) == Some(&b'"')).then_some((end, high));
        }
        at = at.wrapping_add(8);
    }
}

#[inline(always)]
fn word(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}

/// Marks the first byte that is a quote, a backslash or a control character; bytes after it may be
/// marked too.
#[inline(always)]
fn special(word: u64) -> u64 {
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES.wrapping_mul(bound)) & !word;
    // Where 2 changes places with 0, the quote is beside the control characters: 0x22 is 0x20.
    let quote_or_control = below(word ^ ONES.wrapping_mul(2), 0x21);
    let backslash = below(word ^ ONES.wrapping_mul(0x5c), 1);
    (quote_or_control | backslash) & HIGHS
}

/// Where the escape that begins here ends. Half of a surrogate pair is no character, and refused.
fn escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at.wrapping_add(1))? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at.wrapping_add(2)),
        b'u' => match unit(text, at)? {
            0xd800..=0xdbff => {
                let low = at.wrapping_add(6);
                matches!(unit(text, low)?, 0xdc00..=0xdfff).then_some(at.wrapping_add(12))
            }
            0xdc00..=0xdfff => None,
            _ => Some(at.wrapping_add(6)),
        },
        _ => None,
    }
}

/// The number of the escape `\uXXXX` that begins here.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text.get(at..at.wrapping_add(6))? else { return None };
    digits.iter().try_fold(0_u32, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// Appends what a string says. `inner` stands between the quotes of a string that has been read.
pub fn push_decoded(inner: &[u8], out: &mut Vec<u8>) {
    let mut rest = inner;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        let plain = |byte| (byte, 2);
        let (byte, length) = match escape.get(1) {
            Some(b'u') => {
                let (char, length) = decoded_unit(escape);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                rest = escape.get(length..).unwrap_or_default();
                continue;
            }
            Some(b'b') => plain(0x08),
            Some(b'f') => plain(0x0c),
            Some(b'n') => plain(b'\n'),
            Some(b'r') => plain(b'\r'),
            Some(b't') => plain(b'\t'),
            Some(other) => plain(*other),
            None => (b'\\', 1),
        };
        out.push(byte);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

fn decoded_unit(escape: &[u8]) -> (char, usize) {
    let high = unit(escape, 0).unwrap_or_default();
    let (code, length) = match (high, unit(escape, 6)) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            (0x1_0000_u32.wrapping_add((high & 0x3ff) << 10 | low & 0x3ff), 12)
        }
        _ => (high, 6),
    };
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), length)
}

/// Appends text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
pub fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'"' => out.extend_from_slice(b"\\\""),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0..0x20 => {
                    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
                    out.extend_from_slice(&[
                        b'\\',
                        b'u',
                        b'0',
                        b'0',
                        digit(byte >> 4),
                        digit(byte & 15),
                    ]);
                }
                byte => out.push(byte),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}
