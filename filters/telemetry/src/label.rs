//! What requests are told apart by.

/// A label of a metric.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Label {
    /// The name of Envoy's route.
    Route,
    Method,
    /// The class of the status.
    Status,
    /// The parts of the identity.
    Consumer,
    Subject,
    Tier,
    /// The rule of rate-limit: of what requests cost, and nothing else.
    Rule,
}

impl Label {
    pub(crate) const NAMES: [(&str, Self); 7] = [
        ("route", Self::Route),
        ("method", Self::Method),
        ("status_class", Self::Status),
        ("consumer", Self::Consumer),
        ("subject", Self::Subject),
        ("tier", Self::Tier),
        ("rule", Self::Rule),
    ];

    /// Those whose values come from outside.
    pub(crate) const BOUNDED: [Self; 5] =
        [Self::Route, Self::Consumer, Self::Subject, Self::Tier, Self::Rule];

    /// The label as it is configured, and in our own metrics.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, label)| *label == self).map_or("", |(name, _)| name)
    }
}
