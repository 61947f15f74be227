//! What a client accepts, with its preferences (RFC 9110 §12.4.2, §12.5.3, §12.5.4).

use gatehouse_filter::list;

/// The members of an `accept-encoding` or `accept-language`: the most preferred first, those of one
/// preference by name, which has no case. Two fields that mean the same read the same.
pub(crate) struct Accepted {
    members: Vec<Member>,
}

struct Member {
    name: Vec<u8>,
    /// Thousandths.
    quality: u16,
}

impl Accepted {
    pub(crate) fn read<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut members: Vec<Member> = lines.flat_map(list::members).map(Member::read).collect();
        members.sort_by(|one, other| {
            other.quality.cmp(&one.quality).then_with(|| one.name.cmp(&other.name))
        });
        members.dedup_by(|one, other| one.name == other.name && one.quality == other.quality);
        Self { members }
    }

    /// Writes them in a form that is the same for fields that mean the same.
    pub(crate) fn write(&self, to: &mut impl FnMut(&[u8])) {
        for member in &self.members {
            to(&member.name);
            to(b";");
            to(&member.quality.to_be_bytes());
            to(b",");
        }
    }

    /// Of what is offered, best first, what the client prefers.
    pub(crate) fn best<'o>(&self, offered: &'o [String]) -> Option<&'o str> {
        let mut best: Option<(&str, u16)> = None;
        for offer in offered {
            let quality = self.quality(offer.as_bytes());
            if quality > best.map_or(0, |(_, quality)| quality) {
                best = Some((offer, quality));
            }
        }
        best.map(|(offer, _)| offer)
    }

    /// How much the client likes it: by the longest member that it is a kind of (RFC 4647 §3.3.1),
    /// or as the more general of what the client named (§3.4); else by `*`.
    fn quality(&self, offer: &[u8]) -> u16 {
        let is_kind = |member: &&Member| begins(offer, &member.name);
        let closest = self.members.iter().filter(is_kind).max_by_key(|member| member.name.len());
        let is_named = |member: &&Member| begins(&member.name, offer);
        // The most preferred comes first.
        let named = self.members.iter().find(is_named);
        let any = self.members.iter().find(|member| member.name == b"*");
        let quality = |member: &Member| member.quality;
        closest.map(quality).max(named.map(quality)).or(any.map(quality)).unwrap_or(0)
    }
}

impl Member {
    fn read(member: &[u8]) -> Self {
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut rest) = (1000, Vec::new());
        for part in parts {
            match quality_of(part) {
                Some(found) => quality = found,
                // Whatever it is, it tells this member from others.
                None => {
                    rest.push(b';');
                    rest.extend_from_slice(&part.to_ascii_lowercase());
                }
            }
        }
        // The old names of two codings (RFC 9110 §8.4.1).
        let name = match name.as_slice() {
            b"x-gzip" => b"gzip".to_vec(),
            b"x-compress" => b"compress".to_vec(),
            _ => [name, rest].concat(),
        };
        Self { name, quality }
    }
}

/// A weight in thousandths (§12.4.2).
fn quality_of(part: &[u8]) -> Option<u16> {
    let (name, value) = part.split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, fraction) = match value {
        [whole] => (whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        _ => return None,
    };
    let digits =
        [*whole].into_iter().chain((0..3).map(|at| fraction.get(at).copied().unwrap_or(b'0')));
    let mut quality = 0_u16;
    for digit in digits {
        let digit = char::from(digit).to_digit(10)?;
        quality = quality.saturating_mul(10).saturating_add(u16::try_from(digit).ok()?);
    }
    (quality <= 1000).then_some(quality)
}

/// Whether a language is another, or a kind of it: `de-CH` of `de`.
fn begins(long: &[u8], short: &[u8]) -> bool {
    long.split_at_checked(short.len()).is_some_and(|(begin, rest)| {
        begin.eq_ignore_ascii_case(short) && (rest.is_empty() || rest.starts_with(b"-"))
    })
}
