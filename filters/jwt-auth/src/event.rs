//! What is counted beside the decisions.

gatehouse_filter::events! {
    /// What is counted beside the decisions.
    pub enum Event {
        /// See [`gatehouse_filter::fetched::Event::Fetched`].
        KeysFetched = "keys_fetched",
        /// See [`gatehouse_filter::fetched::Event::FetchFailed`].
        KeysFetchFailed = "keys_fetch_failed",
        /// See [`gatehouse_filter::fetched::Event::Refused`].
        KeysRefused = "keys_refused",
        /// See [`gatehouse_filter::fetched::Event::Dropped`].
        KeysDropped = "keys_dropped",
        /// See [`gatehouse_filter::fetched::Event::Fetched`].
        RevocationsFetched = "revocations_fetched",
        /// See [`gatehouse_filter::fetched::Event::FetchFailed`].
        RevocationsFetchFailed = "revocations_fetch_failed",
        /// See [`gatehouse_filter::fetched::Event::Refused`].
        RevocationsRefused = "revocations_refused",
        /// See [`gatehouse_filter::fetched::Event::Dropped`].
        RevocationsDropped = "revocations_dropped",
    }
}
