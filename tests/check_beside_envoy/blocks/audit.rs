use crate::check_beside_envoy::case::{Good, Refused, Row};

pub(crate) const ROWS: &[Row] = &[
    ("a record", "{record: true}", Good),
    ("refusals of a filter of one's own", "{refusals: {}, filters: [tenant-check]}", Good),
    ("its parts", "{attributes: true, filters: [jwt-auth, tenant-check]}", Good),
    (
        "nothing",
        "{record: false}",
        Refused("does nothing: it needs `record: true`, `attributes: true` or `refusals`"),
    ),
    ("parts by name", "{attributes: [code]}", Refused("attributes: must be")),
    (
        "a filter as it is called in codes",
        "{record: true, filters: [jwt_auth]}",
        Refused("filters[0]: must be the name of a filter"),
    ),
    (
        "one that decides nothing",
        "{record: true, filters: [telemetry]}",
        Refused("filters[0]: decides nothing"),
    ),
];
