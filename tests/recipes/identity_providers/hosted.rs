//! Logins as a service: Auth0, Amazon Cognito, Okta.

use serde_json::json;

use super::Issuer;

#[test]
fn auth0_has_permissions_and_roles_in_a_claim_whose_name_is_a_url() {
    let alice = json!({
        "iss": "https://example.eu.auth0.com/", "sub": "auth0|507f1f77",
        "aud": ["https://orders.example.com", "https://example.eu.auth0.com/userinfo"],
        "azp": "webclient", "scope": "openid orders:read orders:write",
        "permissions": ["orders:read"],
    });
    Issuer {
        recipe: "auth0",
        host: "example.eu.auth0.com",
        keys: "/.well-known/jwks.json",
        passes: ("x-user", "auth0|507f1f77"),
    }
    .is_asked(
        &alice,
        &[
            ("one with the permission reads", "GET /", json!({}), 200, ""),
            (
                "one who asked for a scope, and has no permission",
                "POST /",
                json!({}),
                403,
                "authorization.no_rule",
            ),
            ("an admin", "POST /", json!({"https://example.com/roles": ["admin"]}), 200, ""),
            (
                "a role in a claim of another name",
                "POST /",
                json!({"roles": ["admin"], "https://example.org/roles": ["admin"]}),
                403,
                "authorization.no_rule",
            ),
            (
                "for `userinfo` alone",
                "GET /",
                json!({"aud": "https://example.eu.auth0.com/userinfo"}),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "an issuer without the slash",
                "GET /",
                json!({"iss": "https://example.eu.auth0.com"}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}

#[test]
fn cognito_names_a_client_where_others_have_an_audience() {
    let alice = json!({
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE",
        "sub": "aaaaaaaa-alice", "client_id": "7webclientexample", "token_use": "access",
        "scope": "openid orders/read", "cognito:groups": ["staff"], "version": 2,
    });
    let identity = json!({"client_id": null, "aud": "7webclientexample", "token_use": "id"});
    Issuer {
        recipe: "cognito",
        host: "cognito-idp.eu-west-1.amazonaws.com",
        keys: "/eu-west-1_example/.well-known/jwks.json",
        passes: ("x-user", "aaaaaaaa-alice"),
    }
    .is_asked(
        &alice,
        &[
            ("one of the staff edits", "POST /", json!({}), 200, ""),
            ("the other client", "GET /", json!({"client_id": "7mobileclientexample"}), 200, ""),
            (
                "one of no group reads, by a scope",
                "GET /",
                json!({"cognito:groups": null}),
                200,
                "",
            ),
            (
                "one of no group edits",
                "POST /",
                json!({"cognito:groups": null}),
                403,
                "authorization.no_rule",
            ),
            (
                "one who has logged in by the API",
                "GET /",
                json!({"scope": "aws.cognito.signin.user.admin", "cognito:groups": null}),
                403,
                "authorization.no_rule",
            ),
            (
                "a client that is not named",
                "GET /",
                json!({"client_id": "7partnerclient"}),
                401,
                "jwt_auth.claim_mismatch",
            ),
            ("an identity token", "GET /", identity, 401, "jwt_auth.claim_mismatch"),
            (
                "one that names a client beside its audience",
                "GET /",
                json!({"token_use": "id"}),
                401,
                "jwt_auth.claim_mismatch",
            ),
            (
                "another pool",
                "GET /",
                json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER"}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}

#[test]
fn okta_lists_scopes_and_adds_groups() {
    let alice = json!({
        "iss": "https://example.okta.com/oauth2/default", "aud": "api://default", "ver": 1,
        "sub": "alice@example.com", "uid": "00u1alice", "cid": "0oa1web",
        "scp": ["openid", "orders:write"], "groups": ["Everyone", "Orders"],
    });
    Issuer {
        recipe: "okta",
        host: "example.okta.com",
        keys: "/oauth2/default/v1/keys",
        passes: ("x-user", "00u1alice"),
    }
    .is_asked(
        &alice,
        &[
            ("one of the group with the scope", "POST /", json!({}), 200, ""),
            ("one who may read", "GET /", json!({"scp": ["orders:read"], "groups": null}), 200, ""),
            (
                "one of another group",
                "POST /",
                json!({"groups": ["Everyone"]}),
                403,
                "authorization.no_rule",
            ),
            (
                "one of the group without the scope",
                "POST /",
                json!({"scp": ["openid"]}),
                403,
                "authorization.no_rule",
            ),
            (
                "another API",
                "GET /",
                json!({"aud": "api://billing"}),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "the org's own server",
                "GET /",
                json!({"iss": "https://example.okta.com", "aud": "https://example.okta.com"}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}
