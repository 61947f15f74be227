use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    (
        "a refusal in words of a rule that asks for no key",
        "{consumers: [{name: a, keys: []}], rules: [{require: none, refusal: {title: Sorry}}]}",
        Refused("rules[0].refusal: has no effect with `require: none`"),
    ),
    (
        "a refusal in words that it cannot have",
        "{refusal: {status: 200}, consumers: [{name: a, keys: []}]}",
        Refused("refusal.status: must be from 400 to 599"),
    ),
    (
        "a key",
        "{consumers: [{name: shop, keys: [{digest: \
         'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'}]}]}",
        Good,
    ),
    ("a list that is polled", "{consumers_from: {cluster: keys, path: /c.json}}", Good),
    (
        "a list that is polled through a cluster that is not there",
        "{consumers_from: {cluster: kyes, path: /c.json}}",
        Void {
            level: level::FAULT,
            says: "consumers_from.cluster: there is no cluster `kyes`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "a rule by who the client is, which is not known yet",
        "{consumers: [{name: shop, keys: []}], rules: [{match: {not: {identity: {consumers: \
         [shop]}}}, require: none}]}",
        Refused("rules[0].match.not.identity: never fits"),
    ),
    (
        "a consumer that is disabled, and what tokens call it",
        "{consumers: [{name: shop, keys: [], disabled: true, tokens: [{provider: a, value: x}]}]}",
        Good,
    ),
    (
        "a consumer that only tokens name",
        "{consumers: [{name: shop, tokens: [{provider: a, value: x}]}]}",
        Refused("consumers[0].keys: is required"),
    ),
    (
        "consumers whom certificates name",
        "{certificate: {names: [uri, dns]}, consumers: [{name: shop, certificates: [{uri: \
         'spiffe://a/b'}, {dns: a.example}, {subject: 'CN=a,O=b'}]}]}",
        Good,
    ),
    (
        "a consumer without any credentials",
        "{certificate: {unknown: pass}, consumers: [{name: shop}]}",
        Refused("consumers[0]: must have keys, tokens or certificates"),
    ),
    (
        "a certificate's name that Envoy does not tell",
        "{certificate: {names: [email]}, consumers: [{name: shop, keys: []}]}",
        Refused("certificate.names[0]: must be one of uri, dns, subject"),
    ),
    (
        "two consumers whom a certificate calls the same",
        "{certificate: {}, consumers: [{name: shop, certificates: [{dns: a.example}]}, {name: web, \
         certificates: [{dns: A.EXAMPLE}]}]}",
        Refused("consumers[1].certificates[0]: must be unique: `shop` has it too"),
    ),
    (
        "keys as users of HTTP Basic",
        "{sources: [{header: authorization, basic: user}], consumers: [{name: shop, keys: []}]}",
        Good,
    ),
    (
        "keys as users of HTTP Basic, behind a prefix",
        "{sources: [{header: authorization, basic: user, prefix: 'Key '}], consumers: [{name: \
         shop, keys: []}]}",
        Refused("sources[0]: `basic` is for `header` only"),
    ),
    ("nobody", "{}", Refused("must have exactly one of consumers, consumers_from")),
    (
        "a digest of another length",
        "{consumers: [{name: shop, keys: [{digest: 'sha256:9f86d0'}]}]}",
        Refused("consumers[0].keys[0].digest"),
    ),
    (
        "a digest whose digits are a number to YAML",
        "{consumers: [{name: shop, keys: [{digest: 1234}]}]}",
        Refused("consumers[0].keys[0].digest"),
    ),
    (
        "a secret that is short",
        "{hmac_secret: short, consumers: [{name: shop, keys: []}]}",
        Refused("hmac_secret"),
    ),
    (
        "one consumer twice",
        "{consumers: [{name: shop, keys: []}, {name: shop, keys: []}]}",
        Refused("consumers[1].name"),
    ),
    (
        "a time without a zone",
        "{consumers: [{name: shop, keys: [{digest: \
         'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', expires_at: \
         2027-01-31T00:00:00}]}]}",
        Refused("consumers[0].keys[0].expires_at"),
    ),
    (
        "a consumer's name that is a truth to YAML",
        "{consumers: [{name: yes, keys: []}]}",
        Refused("consumers[0].name: must be text"),
    ),
    ("the same word, quoted", "{consumers: [{name: 'yes', keys: []}]}", Good),
    (
        "a group that nobody is in",
        "{consumers: [{name: shop, keys: []}], rules: [{groups: [eu]}]}",
        Refused("rules[0].groups[0]"),
    ),
    (
        "a list that is fetched from no path",
        "{consumers_from: {cluster: keys, path: c.json}}",
        Refused("consumers_from.path: must begin with /"),
    ),
    (
        "a source that is two",
        "{sources: [{header: x-a, query: a}], consumers: [{name: shop, keys: []}]}",
        Refused("sources[0]"),
    ),
    (
        "a key in the field that routes",
        "{sources: [{header: host}], consumers: [{name: shop, keys: []}]}",
        Refused("sources[0].header"),
    ),
];
