//! What the filter decides.

gatehouse_filter::codes! {
    /// What this filter can decide. It is told nowhere: it decides on nothing.
    pub enum Code {
        /// The request goes on.
        Seen = "seen",
    }
}
