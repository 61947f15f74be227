//! What a path captured, compared with what is known of the client.

use crate::hex;
use crate::truth::Truth;

/// Whether a captured part of the path, percent-decoded once, is this text, byte for byte.
///
/// It cannot be told of an escape that is none and of a control character: whoever reads such a
/// path next may drop it, keep it or stop at it. An empty part is nobody's.
pub(super) fn is(captured: &[u8], text: &str) -> Truth {
    let mut wanted = text.bytes();
    let mut rest = captured;
    let mut same = !captured.is_empty();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hex::byte(*high, *low)?, after),
            (b'%', _) => return None,
            (byte, after) => (*byte, after),
        };
        if byte.is_ascii_control() {
            return None;
        }
        same &= wanted.next() == Some(byte);
        rest = after;
    }
    Some(same && wanted.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn a_capture_is_decoded_once_and_compared_byte_for_byte() {
        const YES: Option<bool> = Some(true);
        const NO: Option<bool> = Some(false);
        for (captured, text, want) in [
            (&b"alice"[..], "alice", YES),
            (b"%61lice", "alice", YES),
            (b"%61%6C%6c%69%63%65", "alice", NO),
            (b"%61%6C%69%63%65", "alice", YES),
            (b"alic", "alice", NO),
            (b"alice2", "alice", NO),
            (b"Alice", "alice", NO),
            (b"alice;v=1", "alice", NO),
            (b"alice%20", "alice", NO),
            (b"a+b", "a b", NO),
            (b"a+b", "a+b", YES),
            // Decoded once, never twice.
            (b"%2561lice", "alice", NO),
            (b"%2561lice", "%61lice", YES),
            // An encoded slash is part of the name.
            (b"team%2Falice", "team/alice", YES),
            (b"team%2falice", "alice", NO),
            (b"team%5calice", "team\\alice", YES),
            // No Unicode normalisation, no case folding.
            (b"caf%C3%A9", "caf\u{e9}", YES),
            ("caf\u{e9}".as_bytes(), "caf\u{e9}", YES),
            (b"cafe%CC%81", "caf\u{e9}", NO),
            (b"%C3%89", "\u{e9}", NO),
            // Not UTF-8: no text is that.
            (b"%ff", "\u{ff}", NO),
            (b"\xff", "\u{fffd}", NO),
            (b"%c0%80", "\0", NO),
            (b"%c0%af", "/", NO),
            // Nobody's.
            (b"", "", NO),
            (b"", "alice", NO),
            (b"alice", "", NO),
            // Cannot be told.
            (b"alice%00", "alice", None),
            (b"alice%00", "alice\0", None),
            (b"alice\0", "alice", None),
            (b"bob%0d%0a", "alice", None),
            (b"%7f", "alice", None),
            (b"alice%", "alice", None),
            (b"%", "%", None),
            (b"%6", "alice", None),
            (b"%zzalice", "%zzalice", None),
            (b"%%36%31lice", "alice", None),
            (b"bob%", "alice", None),
            (b"%u0061lice", "alice", None),
        ] {
            assert_eq!(is(captured, text), want, "{} and {text:?}", captured.escape_ascii());
        }
    }
}
