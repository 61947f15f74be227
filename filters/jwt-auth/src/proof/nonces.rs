//! Nonces that this gateway gives (RFC 9449 §9): a time and a proof that it was written here, so that
//! nothing has to be remembered of those that were given.

use crate::base64url;
use ct_codecs::{Base64UrlSafeNoPadding, Encoder as _};
use gatehouse_filter::{Callouts, Secret, Timestamp};
use std::time::Duration;

/// How long nonces are good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Nonces {
    pub(crate) lifetime: Duration,
}

impl Nonces {
    /// One that is good from now on.
    pub(crate) fn make(secret: &Secret, now: Timestamp) -> String {
        let time = now.seconds().to_be_bytes();
        let nonce = [&time[..], &tag(secret, time)].concat();
        // 24 bytes always fit.
        Base64UrlSafeNoPadding::encode_to_string(nonce).unwrap_or_default()
    }

    /// Leaves the next one in filter state, with what its answer has to say about being kept, where
    /// this one, good until then, has less than half of its time left (RFC 9449 §8.2). The filter
    /// sees no answers: who has a field made of it writes it there, and for nobody else would Envoy
    /// be held up with each of them.
    pub(crate) fn renew(
        self,
        until: u64,
        secret: &Secret,
        now: Timestamp,
        callouts: &dyn Callouts,
    ) {
        let left = until.saturating_sub(now.seconds());
        if left.saturating_mul(2) < self.lifetime.as_secs() {
            callouts.leave(NEXT, Self::make(secret, now).as_bytes());
            callouts.leave(NOT_KEPT, b"no-store");
        }
    }

    /// Until when a nonce is good, in seconds since 1970; `None` where it is none of this
    /// gateway's, or not any more.
    pub(crate) fn until(self, nonce: &str, secret: &Secret, now: Timestamp) -> Option<u64> {
        let bytes = base64url::decode(nonce.as_bytes())?;
        let (time, said) = bytes.split_first_chunk::<8>()?;
        if !ct_codecs::verify(&tag(secret, *time), said) {
            return None;
        }
        let until = u64::from_be_bytes(*time).saturating_add(self.lifetime.as_secs());
        (now.seconds() < until).then_some(until)
    }
}

/// Where the next nonce is in filter state: `%FILTER_STATE(wasm.gatehouse.dpop_nonce:PLAIN)%`.
const NEXT: &str = "gatehouse.dpop_nonce";

/// Where the `cache-control` of an answer with a nonce is.
const NOT_KEPT: &str = "gatehouse.dpop_cache_control";

/// Apart from the digests of proofs, which have other parts.
fn tag(secret: &Secret, time: [u8; 8]) -> [u8; 16] {
    secret.digest(&[b"nonce", &time])
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test that panics is a test that fails")]
mod tests {
    use super::*;
    use gatehouse_filter_test::FakeHost;

    #[test]
    fn a_nonce_is_good_for_its_lifetime_and_of_nobody_else() {
        const NOW: u64 = 1_800_000_000;
        let at = |seconds: u64| Timestamp::from_seconds(seconds);
        let host = FakeHost::at(NOW);
        let (own, other) =
            (Secret::agreed(&host, b"own").unwrap(), Secret::agreed(&host, b"other").unwrap());
        let nonces = Nonces { lifetime: Duration::from_secs(60) };
        let nonce = Nonces::make(&own, at(NOW));
        assert_eq!(nonce.len(), 32);
        for (seconds, want) in [(NOW, true), (NOW + 59, true), (NOW + 60, false), (NOW - 5, true)] {
            let until = nonces.until(&nonce, &own, at(seconds));
            assert_eq!(until, want.then_some(NOW + 60), "{seconds}");
        }
        assert_eq!(nonces.until(&nonce, &other, at(NOW)), None);
        // Another time under the same proof, and what is no nonce at all.
        let later = Nonces::make(&own, at(NOW + 30));
        let mixed = format!("{}{}", &later[..11], &nonce[11..]);
        for bad in [&mixed, &nonce[..31], &format!("{nonce}AA"), "", "AAAA", "\u{e9}"] {
            assert_eq!(nonces.until(bad, &own, at(NOW)), None, "{bad}");
        }
    }
}
