//! The directories of organisations: Keycloak, Microsoft Entra ID, Google Workspace.

use serde_json::{Value, json};

use super::Issuer;
use crate::harness::token::with;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const APPLICATION: &str = "22222222-2222-2222-2222-222222222222";

#[test]
fn keycloak_names_roles_of_a_realm_and_says_what_a_token_is_for() {
    let alice = json!({
        "iss": "https://login.example.com/realms/shop", "aud": ["orders", "account"],
        "sub": "0a1b2c3d-alice", "typ": "Bearer", "azp": "web", "scope": "openid profile",
        "realm_access": {"roles": ["offline_access", "orders-editor"]},
        "resource_access": {"account": {"roles": ["view-profile"]}},
    });
    Issuer {
        recipe: "keycloak",
        host: "login.example.com",
        keys: "/realms/shop/protocol/openid-connect/certs",
        passes: ("x-user", "0a1b2c3d-alice"),
    }
    .is_asked(
        &alice,
        &[
            ("an editor edits", "POST /", json!({}), 200, ""),
            ("anybody reads", "GET /", json!({"realm_access": null}), 200, ""),
            (
                "who is no editor edits",
                "POST /",
                json!({"realm_access": {"roles": ["offline_access"]}}),
                403,
                "authorization.no_rule",
            ),
            (
                "a role of a client is no role of the realm",
                "POST /",
                json!({
                    "realm_access": null,
                    "resource_access": {"web": {"roles": ["orders-editor"]}},
                }),
                403,
                "authorization.no_rule",
            ),
            (
                "no audience mapper",
                "GET /",
                json!({"aud": "account"}),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "an identity token for a client of that name",
                "GET /",
                json!({"typ": "ID"}),
                401,
                "jwt_auth.claim_mismatch",
            ),
            (
                "another realm",
                "GET /",
                json!({"iss": "https://login.example.com/realms/master"}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}

#[test]
fn entra_issues_tokens_of_two_versions_for_users_and_applications() {
    let user = json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "aud": APPLICATION,
        "sub": "pairwise-of-alice", "oid": "33333333-alice", "tid": TENANT, "ver": "2.0",
        "azp": "44444444-web", "scp": "Orders.Read Orders.ReadWrite",
    });
    let first = |changes: Value| {
        let version = json!({
            "iss": format!("https://sts.windows.net/{TENANT}/"), "ver": "1.0", "azp": null,
            "aud": format!("api://{APPLICATION}"), "appid": "44444444-web",
        });
        with(version, changes)
    };
    let application = json!({"scp": null, "roles": ["Orders.Read.All"], "idtyp": "app"});
    let other = "99999999-9999-9999-9999-999999999999";
    Issuer {
        recipe: "entra",
        host: "login.microsoftonline.com",
        keys: "/11111111-1111-1111-1111-111111111111/discovery/v2.0/keys",
        passes: ("x-user", "33333333-alice"),
    }
    .is_asked(
        &user,
        &[
            ("a user edits", "POST /", json!({}), 200, ""),
            ("a user with a token of version 1", "POST /", first(json!({})), 200, ""),
            (
                "version 1 with the application's number",
                "GET /",
                first(json!({"aud": APPLICATION})),
                200,
                "",
            ),
            ("an application reads", "GET /", application.clone(), 200, ""),
            ("an application edits", "POST /", application, 403, "authorization.no_rule"),
            (
                "a user who may read edits",
                "POST /",
                json!({"scp": "Orders.Read"}),
                403,
                "authorization.no_rule",
            ),
            (
                "a scope of the beginning of its name",
                "GET /",
                json!({"scp": "Orders.ReadBasic"}),
                403,
                "authorization.no_rule",
            ),
            (
                "version 2 with the URI of version 1",
                "GET /",
                json!({"aud": format!("api://{APPLICATION}")}),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "for Microsoft Graph",
                "GET /",
                first(json!({"aud": "00000003-0000-0000-c000-000000000000"})),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "another tenant",
                "GET /",
                json!({
                    "iss": format!("https://login.microsoftonline.com/{other}/v2.0"), "tid": other,
                }),
                401,
                "jwt_auth.issuer_unknown",
            ),
            (
                "the issuer that `common` writes",
                "GET /",
                json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}

#[test]
fn google_says_which_organisation_an_account_is_of() {
    let alice = json!({
        "iss": "https://accounts.google.com", "aud": "1234567890-abc.apps.googleusercontent.com",
        "azp": "1234567890-abc.apps.googleusercontent.com", "sub": "110248495921238986420",
        "hd": "example.com", "email": "alice@example.com", "email_verified": true,
    });
    Issuer {
        recipe: "google",
        host: "www.googleapis.com",
        keys: "/oauth2/v3/certs",
        passes: ("x-user", "110248495921238986420"),
    }
    .is_asked(
        &alice,
        &[
            ("one of the staff", "POST /", json!({}), 200, ""),
            (
                "a private account with an address of the organisation",
                "GET /",
                json!({"hd": null}),
                403,
                "authorization.no_rule",
            ),
            (
                "another organisation",
                "GET /",
                json!({"hd": "example.com.evil.example"}),
                403,
                "authorization.no_rule",
            ),
            (
                "an address that nobody has verified",
                "GET /",
                json!({"email_verified": false}),
                403,
                "authorization.no_rule",
            ),
            (
                "another application of the same people",
                "GET /",
                json!({"aud": "1234567890-xyz.apps.googleusercontent.com"}),
                401,
                "jwt_auth.audience_mismatch",
            ),
        ],
    );
}
