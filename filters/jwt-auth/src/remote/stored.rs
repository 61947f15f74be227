use gatehouse_filter::Timestamp;

/// A key set as all workers share it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct StoredSet {
    pub(super) fetched_at: Timestamp,
    /// As it came; empty before the first did.
    pub(super) json: Vec<u8>,
}

impl StoredSet {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.fetched_at.0.to_le_bytes().as_slice(), &self.json].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fetched_at, json) = bytes.split_first_chunk()?;
        Some(Self { fetched_at: Timestamp(u64::from_le_bytes(*fetched_at)), json: json.to_vec() })
    }
}
