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
        "consumers that tokens name",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}], consumers: [{name: shop, tokens: [{provider: a, value: x}]}]}",
        Good,
    ),
    (
        "consumers that are polled",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp, by: name, unknown: pass, scopes: token}}], consumers_from: \
         {cluster: keys, path: /c.json}}",
        Good,
    ),
    (
        "consumers that are polled through a cluster that is not there",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}], consumers_from: {cluster: kyes, path: /c.json}}",
        Void {
            level: level::FAULT,
            says: "consumers_from.cluster: there is no cluster `kyes`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "two consumers whom a token calls the same",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}], consumers: [{name: shop, tokens: [{provider: a, value: x}]}, \
         {name: web, tokens: [{provider: a, value: x}]}]}",
        Refused("consumers[1].tokens[0]: must be unique: `shop` has it too"),
    ),
    (
        "a consumer of a provider that there is not",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}], consumers: [{name: shop, tokens: [{provider: b, value: x}]}]}",
        Refused("consumers[0].tokens[0].provider: no provider of this name"),
    ),
    (
        "what a token calls a consumer, in digits alone",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}], consumers: [{name: shop, tokens: [{provider: a, value: 17}]}]}",
        Refused("consumers[0].tokens[0].value: must be text"),
    ),
    (
        "a claim for consumers, and no consumers",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         consumer: {claim: azp}}]}",
        Refused("must have consumers or consumers_from"),
    ),
    (
        "consumers, and no claim for them",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         consumers: [{name: shop, tokens: []}]}",
        Refused("has consumers, and no provider has `consumer`"),
    ),
    (
        "an issuer that is asked about its tokens",
        "{providers: [{name: a, issuer: https://a.example, introspection: {cluster: keys, path: \
         /introspect, client_id: gw, client_secret: hush, cache: 1m}}]}",
        Good,
    ),
    (
        "introspection through a cluster that is not there",
        "{providers: [{name: a, issuer: https://a.example, introspection: {cluster: gone, path: \
         /introspect, client_id: gw, client_secret: hush}}]}",
        Void {
            level: level::FAULT,
            says: "providers[0].introspection.cluster: there is no cluster `gone`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "neither keys nor anybody to ask",
        "{providers: [{name: a, issuer: https://a.example}]}",
        Refused("providers[0].jwks: is required"),
    ),
    (
        "introspection by nobody",
        "{providers: [{name: a, issuer: https://a.example, introspection: {cluster: keys, path: \
         /introspect, client_id: gw}}]}",
        Refused("providers[0].introspection.client_secret: is required"),
    ),
    (
        "two that are asked about tokens in one place",
        "{providers: [{name: a, issuer: https://a.example, introspection: {cluster: keys, path: \
         /a, client_id: gw, client_secret: hush}}, {name: b, issuer: https://b.example, \
         introspection: {cluster: keys, path: /b, client_id: gw, client_secret: hush}}]}",
        Refused("providers[1]: has its tokens where those of the provider `a` are"),
    ),
    (
        "algorithms without keys",
        "{providers: [{name: a, issuer: https://a.example, algorithms: [ES256], introspection: \
         {cluster: keys, path: /introspect, client_id: gw, client_secret: hush}}]}",
        Refused("providers[0].algorithms: no key of `jwks` can be used with any of these"),
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
        "a document of an authorization server",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, discovery: oauth}}]}",
        Good,
    ),
    (
        "a document elsewhere, and a key to it",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, discovery_path: \
         /x, headers: [{name: x-api-key, value: hush}], refresh: {least: 30s, most: 1h}}}]}",
        Good,
    ),
    (
        "a document that nobody asks for",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks, \
         discovery: oauth}}]}",
        Refused("providers[0].jwks: discovery is for keys without path"),
    ),
    (
        "a fetch with a host of its own",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks, \
         headers: [{name: host, value: a}]}}]}",
        Refused("providers[0].jwks.headers[0].name: is what authority says"),
    ),
    (
        "a key that the VM does not have",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks, \
         headers: [{name: x-api-key, value: {env: NO_SUCH_KEY}}]}}]}",
        Refused("providers[0].jwks.headers[0].value: the VM has no variable `NO_SUCH_KEY`"),
    ),
    (
        "keys that are fetched more often than may be",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks, \
         refresh: {least: 1s}}}]}",
        Refused("providers[0].jwks.refresh: least must not be less than retry"),
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
    (
        "what a rule asks of a token, and compares with the request",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         rules: [{match: {path: {template: '/{tenant}/{rest=**}'}}, require: any, audiences: [x], \
         types: [at+jwt], required_claims: [{claim: tenant, capture: tenant}, {claim: email, \
         suffix: '@a.example'}, {claim: plan, any_of: [a, {header: x-plan}, {json: '1.5'}]}]}]}",
        Good,
    ),
    (
        "a claim that is compared with what nobody captures",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         rules: [{require: any, required_claims: [{claim: tenant, capture: tenant}]}]}",
        Refused("rules[0].required_claims[0].capture: nothing is captured"),
    ),
    (
        "a claim of a provider's tokens that is compared with the request",
        "{providers: [{name: a, issuer: https://a.example, required_claims: [{claim: tenant, \
         header: x-tenant}], jwks: {cluster: keys, path: /jwks}}]}",
        Refused("providers[0].required_claims[0].header: is for `required_claims` of a rule"),
    ),
    (
        "a rule that asks for another value than its provider",
        "{providers: [{name: a, issuer: https://a.example, required_claims: [{claim: tier, \
         equals: gold}], jwks: {cluster: keys, path: /jwks}}], rules: [{require: [a], \
         required_claims: [{claim: tier, any_of: [silver]}]}]}",
        Refused("rules[0].required_claims[0]: never fits: the providers of `require` want another"),
    ),
    (
        "a rule that asks for a type that its provider does not take",
        "{providers: [{name: a, issuer: https://a.example, types: [at+jwt], jwks: {cluster: keys, \
         path: /jwks}}], rules: [{require: [a], types: [JWT]}]}",
        Refused("rules[0].types: never fits: no provider of `require` takes tokens of these types"),
    ),
    (
        "a rule that looks at no token and asks something of it",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         rules: [{require: none, audiences: [x]}]}",
        Refused("rules[0].audiences: does nothing"),
    ),
    (
        "a claim that may be a number or a text",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         rules: [{require: any, required_claims: [{claim: version, equals: 1.5}]}]}",
        Refused("rules[0].required_claims[0].equals: `1.5` may be a number or a text"),
    ),
    (
        "subjects that are numbers",
        "{providers: [{name: a, issuer: https://a.example, numeric_ids: true, jwks: {cluster: \
         keys, path: /jwks}}]}",
        Good,
    ),
    (
        "subjects that are numbers, by a text",
        "{providers: [{name: a, issuer: https://a.example, numeric_ids: sub, jwks: {cluster: \
         keys, path: /jwks}}]}",
        Refused("providers[0].numeric_ids: must be true or false"),
    ),
    (
        "all claims in a header",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         claims_to_headers: [{claim: '', header: x-payload}, {claim: '', header: x-json, form: \
         json}]}]}",
        Good,
    ),
    (
        "all claims in a header as a list",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         claims_to_headers: [{claim: '', header: x-payload, form: csv}]}]}",
        Refused("providers[0].claims_to_headers[0].form: must be one of base64url, json"),
    ),
    (
        "one claim in base64url",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}, \
         claims_to_headers: [{claim: sub, header: x-user, form: base64url}]}]}",
        Refused("providers[0].claims_to_headers[0].form: is for all claims"),
    ),
    (
        "tokens among the subprotocols of a WebSocket, and in a cookie behind a scheme",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         sources: [{header: sec-websocket-protocol, list: true, after: bearer}, {cookie: session, \
         prefix: 'Bearer '}, {header: x-tokens, list: true, prefix: b64., encoding: base64url}]}",
        Good,
    ),
    (
        "a list of which nothing says what member is the token",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         sources: [{header: sec-websocket-protocol, list: true}]}",
        Refused("sources[0]: must have one of prefix and after, by which the member is known"),
    ),
    (
        "a member with a blank in it",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         sources: [{header: sec-websocket-protocol, list: true, prefix: 'Bearer '}]}",
        Refused("sources[0]: never fits: no member of a list has a comma or a blank in it"),
    ),
    (
        "access tokens only, and short ones",
        "{max_token_size: 4KiB, providers: [{name: a, issuer: https://a.example, types: [at+jwt], \
         max_token_size: 8KiB, jwks: {cluster: keys, path: /jwks}}]}",
        Good,
    ),
    (
        "types as a text",
        "{providers: [{name: a, issuer: https://a.example, types: at+jwt, jwks: {cluster: keys}}]}",
        Refused("providers[0].types: must be a list"),
    ),
    (
        "a token size of a number",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys}}], \
         max_token_size: 4096}",
        Refused("max_token_size: must be a size with a unit"),
    ),
    (
        "metadata of a resource",
        "{resource_metadata: https://a.example/.well-known/oauth-protected-resource, providers: \
         [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}]}",
        Good,
    ),
    (
        "metadata of a resource, by its path",
        "{resource_metadata: /.well-known/oauth-protected-resource, providers: [{name: a, issuer: \
         https://a.example, jwks: {cluster: keys, path: /jwks}}]}",
        Refused("resource_metadata: must be the URL of the metadata"),
    ),
    (
        "tokens that are bound to certificates",
        "{providers: [{name: a, issuer: https://a.example, binding: certificate, jwks: {cluster: \
         keys, path: /jwks}}]}",
        Void {
            level: level::WARNING,
            says: "providers[0].binding: the filter chain around it asks no client for a certificate",
            because: "to Envoy a client without a certificate is a client",
        },
    ),
    (
        "tokens with proofs",
        "{providers: [{name: a, issuer: https://a.example, binding: dpop, jwks: {cluster: keys, \
         path: /jwks}}], dpop: {origins: [https://a.example], nonce_lifetime: 5m, proofs: 1024}}",
        Good,
    ),
    (
        "tokens with proofs for nobody knows which URLs",
        "{providers: [{name: a, issuer: https://a.example, binding: dpop, jwks: {cluster: keys, \
         path: /jwks}}]}",
        Refused("must have dpop"),
    ),
    (
        "proofs that nobody asks for",
        "{providers: [{name: a, issuer: https://a.example, jwks: {cluster: keys, path: /jwks}}], \
         dpop: {origins: [https://a.example]}}",
        Refused("has dpop, and no provider has"),
    ),
    (
        "proofs signed with a secret",
        "{providers: [{name: a, issuer: https://a.example, binding: any, jwks: {cluster: keys, \
         path: /jwks}}], dpop: {origins: [https://a.example], algorithms: [HS256]}}",
        Refused("dpop.algorithms[0]: must be of a public key"),
    ),
    (
        "an origin with a path",
        "{providers: [{name: a, issuer: https://a.example, binding: any, jwks: {cluster: keys, \
         path: /jwks}}], dpop: {origins: [https://a.example/v1]}}",
        Refused("dpop.origins[0]: must be where the public knows this gateway"),
    ),
    (
        "a binding that there is not",
        "{providers: [{name: a, issuer: https://a.example, binding: mtls, jwks: {cluster: keys, \
         path: /jwks}}]}",
        Refused("providers[0].binding: must be one of certificate, dpop, any, ignore"),
    ),
    (
        "the scheme of proofs without any",
        "{providers: [{name: a, issuer: https://a.example, sources: [{header: authorization, \
         prefix: 'DPoP '}], jwks: {cluster: keys, path: /jwks}}]}",
        Refused("providers[0].sources: must not have the prefix `DPoP `"),
    ),
];
