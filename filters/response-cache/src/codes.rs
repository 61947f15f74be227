//! What the filter decides and counts.

gatehouse_filter::codes! {
    /// What this filter can decide.
    pub enum Code {
        /// The answer is from the store, and fresh.
        Hit = "hit",
        /// The answer is from the store, and stale: it may be used so, or is just validated.
        Stale = "stale",
        /// The answer is from the store, and stale: the upstream has failed.
        StaleOnError = "stale_on_error",
        /// The answer is from the store: the upstream said that it still holds.
        Revalidated = "revalidated",
        /// Nothing is stored for this URL.
        Miss = "miss",
        /// What is stored for this URL is for other selecting fields.
        VaryMiss = "vary_miss",
        /// What is stored may not be used without validation.
        Expired = "expired",
        /// The client does not want what is stored.
        Reload = "reload",
        /// What is stored lacks what the request asks for.
        Partial = "partial",
        /// Shadow: the answer would have been from the store.
        WouldHit = "would_hit",
        /// The method is not answered from the store.
        BypassMethod = "bypass_method",
        /// The request has content that the key has not.
        BypassContent = "bypass_content",
        /// The request asks for another protocol.
        BypassUpgrade = "bypass_upgrade",
        /// The request has a field that upstreams read the resource from, and that the key has not.
        BypassUnkeyed = "bypass_unkeyed",
        /// The path, the host or a parameter can be read as another one than the rules read.
        TargetAmbiguous = "target_ambiguous",
        /// No rule matches.
        Unmatched = "unmatched",
        /// Nothing is stored, and the client wants nothing else.
        NotInStore = "not_in_store",
        /// The store cannot be read or written: the request goes on.
        StoreFailed = "store_failed",
        /// A purge was carried out.
        Purged = "purged",
        /// A purge without a right key.
        PurgeUnauthorized = "purge_unauthorized",
        /// A purge from an address that may not.
        PurgeForbidden = "purge_forbidden",
        /// Something else than a POST on the route of purges.
        PurgeMethod = "purge_method",
        /// A purge that does not say what.
        PurgeInvalid = "purge_invalid",
    }
}

gatehouse_filter::events! {
    /// What it counts beside its decisions.
    pub enum Event {
        /// An answer was stored.
        Stored = "stored",
        /// An answer had to go to make room.
        Evicted = "evicted",
        /// An answer was purged.
        Purged = "purged",
        /// An answer was purged before it was stored.
        PurgedOnItsWay = "purged_on_its_way",
        /// A URL was invalidated by a request that has changed it.
        Invalidated = "invalidated",
        /// A request was answered by what another one, for which it has waited, has brought.
        Collapsed = "collapsed",
        /// A request has waited in vain.
        WaitedInVain = "waited_in_vain",
        /// The gateway has asked itself for a stale answer.
        Refreshed = "refreshed",
        /// The store could not be written.
        StoreFailed = "store_failed",
        /// Shadow: the upstream's answer was the stored one.
        ShadowSame = "shadow_same",
        /// Shadow: it was another one.
        ShadowDiffers = "shadow_differs",
    }
}
