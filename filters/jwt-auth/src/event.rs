//! What is counted beside the decisions.

gatehouse_filter::events! {
    /// What is counted beside the decisions.
    pub enum Event {
        /// See [`gatehouse_filter::fetched::Event::Fetched`].
        RevocationsFetched = "revocations_fetched",
        /// See [`gatehouse_filter::fetched::Event::FetchFailed`].
        RevocationsFetchFailed = "revocations_fetch_failed",
        /// See [`gatehouse_filter::fetched::Event::Refused`].
        RevocationsRefused = "revocations_refused",
        /// See [`gatehouse_filter::fetched::Event::Dropped`].
        RevocationsDropped = "revocations_dropped",
        /// See [`gatehouse_filter::fetched::Event::Fetched`].
        ConsumersFetched = "consumers_fetched",
        /// See [`gatehouse_filter::fetched::Event::FetchFailed`].
        ConsumersFetchFailed = "consumers_fetch_failed",
        /// See [`gatehouse_filter::fetched::Event::Refused`].
        ConsumersRefused = "consumers_refused",
        /// See [`gatehouse_filter::fetched::Event::Dropped`].
        ConsumersDropped = "consumers_dropped",
    }
}

/// What is counted of each provider's tokens that its service was asked about, by the answer.
pub(crate) const INTROSPECTION_EVENTS: [&str; 4] = [
    "introspections_active",
    "introspections_inactive",
    "introspections_failed",
    "introspections_refused",
];

/// What is counted of each provider's keys, in the order of [`gatehouse_filter::fetched::Event`].
pub(crate) const PROVIDER_EVENTS: [&str; 4] =
    ["keys_fetched", "keys_fetch_failed", "keys_refused", "keys_dropped"];
