//! What the filter decides and counts.

gatehouse_filter::codes! {
    /// What this filter can decide. It is told nowhere: a request that is counted is not decided on.
    pub enum Code {
        /// The request goes on.
        Seen = "seen",
    }
}

gatehouse_filter::events! {
    /// What happens beside the decisions.
    pub enum Event {
        /// The values that a label may have could not be read or written: a new one counted as
        /// `_OTHER`.
        StoreFailed = "store_failed",
    }
}
