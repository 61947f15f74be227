use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

/// Each below the fields of one good provider.
pub(crate) const ROWS: &[Row] = &[
    (
        "a secret",
        "{providers: [{name: a, issuer: https://a.example, jwks: {keys: [{kty: oct, kid: a, alg: \
         HS256, k: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}]}",
        Good,
    ),
    (
        "keys that are fetched through a cluster of the file",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}]}",
        Good,
    ),
    (
        "keys that are fetched through a cluster that is not there",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: auht, path: /jwks}}]}",
        Void {
            level: level::FAULT,
            says: "providers[0].jwks.cluster: there is no cluster `auht`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "a rule by who the client is, which is not known yet",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         rules: [{match: {identity: {tiers: [gold]}}, require: any}]}",
        Refused(
            "rules[0].match.identity: never fits: who the client is, is found out by this filter",
        ),
    ),
    (
        "revocations through a cluster that is not there",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         revocations: {cluster: gone, path: /r}}",
        Void {
            level: level::FAULT,
            says: "revocations.cluster: there is no cluster `gone`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "two claims that are one field for some upstreams",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         claims_to_headers: [{claim: sub, header: x-a}, {claim: roles, header: x_a}]}]}",
        Refused("must be unique: upstreams may take it for `x-a`"),
    ),
    (
        "a field that is written, and one that tokens are read from, which differ in a mark",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         claims_to_headers: [{claim: sub, header: x-token}]}], sources: [{header: x_token}]}",
        Refused("must not be a field that tokens are read from"),
    ),
    ("nothing at all", "{}", Refused("providers: is required")),
    ("no providers", "{providers: []}", Refused("providers: must not be empty")),
    (
        "audience for audiences",
        "{providers: [{name: a, issuer: https://a.example, audience: [x], jwks: {cluster: keys}}]}",
        Refused("providers[0].audience: unknown field, did you mean `audiences`?"),
    ),
    (
        "a list whose items were commented out",
        "{providers: [{name: a, issuer: https://a.example, audiences: , jwks: {cluster: keys}}]}",
        Refused("providers[0].audiences: has no value: give it one, or take it out"),
    ),
    (
        "text where a list is meant",
        "{providers: [{name: a, issuer: https://a.example, audiences: x, jwks: {cluster: keys}}]}",
        Refused("providers[0].audiences: must be a list"),
    ),
    (
        "a URL where keys are meant",
        "{providers: [{name: a, issuer: https://a.example, jwks: https://a.example/jwks.json}]}",
        Refused("providers[0].jwks: must not be a URL"),
    ),
    (
        "keys that are no keys",
        "{providers: [{name: a, issuer: https://a.example, jwks: {keys: []}}]}",
        Refused("providers[0].jwks: has no key that can verify signatures"),
    ),
    (
        "an algorithm that there is not",
        "{providers: [{name: a, issuer: https://a.example, algorithms: [none], jwks: {cluster: \
         keys}}]}",
        Refused("providers[0].algorithms[0]: unknown algorithm"),
    ),
    (
        "a leeway of days",
        "{providers: [{name: a, issuer: https://a.example, leeway: 2h, jwks: {cluster: keys}}]}",
        Refused("providers[0].leeway: must be 1h at most"),
    ),
    (
        "a cache of a million tokens",
        "{cache: {tokens: 1000000}, providers: [{name: a, issuer: https://a.example, jwks: \
         {cluster: keys}}]}",
        Refused("cache.tokens: must be from 0 to 65536"),
    ),
    (
        "a rule that asks for a provider that there is not",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}}], rules: \
         [{require: [b]}]}",
        Refused("rules[0].require"),
    ),
    (
        "two providers of one issuer",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}}, {name: b, \
         issuer: https://a.example, jwks: {cluster: keys}}]}",
        Refused("providers[1].issuer"),
    ),
    (
        "a claim in a header that frames requests",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}, \
         claims_to_headers: [{claim: sub, header: content-length}]}]}",
        Refused("providers[0].claims_to_headers[0].header"),
    ),
    (
        "a claim in a header that Envoy owns",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}, \
         claims_to_headers: [{claim: sub, header: x-forwarded-proto}]}]}",
        Refused("providers[0].claims_to_headers[0].header"),
    ),
    (
        "a mode that there is not",
        "{mode: dry, providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}}]}",
        Refused("mode: must be one of enforce, shadow"),
    ),
    (
        "two faults, each told",
        "{realm: '\"', providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, \
         refresh: 1}}]}",
        Refused("providers[0].jwks.refresh: must be"),
    ),
    (
        "a rule behind one that takes all",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}}], rules: \
         [{require: any}, {match: {methods: [GET]}, require: none}]}",
        Refused("rules[1]"),
    ),
];
