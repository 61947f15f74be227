use super::refresh::Said;
use crate::Timestamp;

/// Whose lease it is to fetch: what all workers know of it. A new one says that nobody ever did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Lease {
    /// Who fetches; no holder has the name of another before it.
    pub(super) holder: u64,
    /// When the lease is free again, whatever became of its holder.
    pub(super) held_until: Timestamp,
    /// When the last fetch began.
    pub(super) started: Timestamp,
    /// How many fetches have failed since one did not.
    pub(super) failures: u64,
    /// How many have ended.
    pub(super) ended: u64,
    /// How many bodies have been stored.
    pub(super) bodies: u64,
    /// When the last of them was fetched, or confirmed.
    pub(super) fetched_at: Timestamp,
    /// What the answer said then of how long it is good.
    pub(super) said: Said,
}

impl Lease {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Self { holder, held_until, started, failures, ended, bodies, fetched_at, said } = self;
        let said = said.to_number();
        [holder, held_until.0, started.0, failures, ended, bodies, fetched_at.0, said]
            .map(u64::to_le_bytes)
            .concat()
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; for anything else, a new one.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let (numbers, rest) = bytes.as_chunks::<8>();
        match (numbers, rest) {
            (&[holder, held_until, started, failures, ended, bodies, fetched_at, said], []) => {
                Self {
                    holder: u64::from_le_bytes(holder),
                    held_until: Timestamp(u64::from_le_bytes(held_until)),
                    started: Timestamp(u64::from_le_bytes(started)),
                    failures: u64::from_le_bytes(failures),
                    ended: u64::from_le_bytes(ended),
                    bodies: u64::from_le_bytes(bodies),
                    fetched_at: Timestamp(u64::from_le_bytes(fetched_at)),
                    said: Said::from_number(u64::from_le_bytes(said)),
                }
            }
            _ => Self::default(),
        }
    }
}
