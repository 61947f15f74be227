//! Programs that have a token without a secret: Kubernetes, GitHub Actions.

use serde_json::json;

use super::Issuer;
use crate::harness::token::{self, with};

#[test]
fn kubernetes_names_the_service_account_of_a_workload() {
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE0123456789ABCDEF01234567";
    let of = |namespace: &str, account: &str| {
        json!({
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": account, "uid": "5f0d"},
                "pod": {"name": format!("{account}-7d9f"), "uid": "77aa"},
            },
        })
    };
    let checkout = with(json!({"iss": issuer, "aud": ["orders"]}), of("shop", "checkout"));
    Issuer {
        recipe: "kubernetes",
        host: "oidc.eks.eu-west-1.amazonaws.com",
        keys: "/id/example0123456789abcdef01234567/keys",
        passes: ("x-workload", "system:serviceaccount:shop:checkout"),
    }
    .is_asked(
        &checkout,
        &[
            ("the account that may edit", "POST /", json!({}), 200, ""),
            ("another of its namespace reads", "GET /", of("shop", "catalogue"), 200, ""),
            (
                "another of its namespace edits",
                "POST /",
                of("shop", "catalogue"),
                403,
                "authorization.no_rule",
            ),
            (
                "the same name in another namespace",
                "GET /",
                of("default", "checkout"),
                403,
                "authorization.no_rule",
            ),
            (
                "the token for the API server",
                "GET /",
                json!({"aud": ["https://kubernetes.default.svc"]}),
                401,
                "jwt_auth.audience_mismatch",
            ),
            (
                "one that the API server has made to last a year",
                "GET /",
                json!({"exp": token::now() + 365 * 86_400}),
                401,
                "jwt_auth.lifetime_too_long",
            ),
            (
                "an account's secret of old, which has no end",
                "GET /",
                json!({"iss": "kubernetes/serviceaccount", "aud": null, "exp": null}),
                401,
                "jwt_auth.issuer_unknown",
            ),
        ],
    );
}

#[test]
fn github_actions_names_a_repository_by_its_number() {
    let run = json!({
        "iss": "https://token.actions.githubusercontent.com", "aud": "deploy.example.com",
        "sub": "repo:octo-org/octo-repo:environment:production", "environment": "production",
        "repository": "octo-org/octo-repo", "repository_id": "74", "repository_owner_id": "65",
        "ref": "refs/heads/main", "ref_type": "branch", "event_name": "push", "sha": "9f86d081",
    });
    let deploy = "POST /deployments";
    let stranger = "authorization.no_rule";
    Issuer {
        recipe: "github-actions",
        host: "token.actions.githubusercontent.com",
        keys: "/.well-known/jwks",
        passes: ("x-repository", "octo-org/octo-repo"),
    }
    .is_asked(
        &run,
        &[
            ("the main branch deploys", deploy, json!({}), 200, ""),
            (
                "with numbers in `sub`",
                deploy,
                json!({"sub": "repo:octo-org@65/octo-repo@74:environment:production"}),
                200,
                "",
            ),
            (
                "who has registered the name after it was given up",
                deploy,
                json!({"repository_id": "9999", "repository_owner_id": "8888"}),
                403,
                stranger,
            ),
            (
                "another repository of the owner",
                deploy,
                json!({"repository_id": "75"}),
                403,
                stranger,
            ),
            (
                "a pull request",
                deploy,
                json!({"sub": "repo:octo-org/octo-repo:pull_request", "event_name": "pull_request",
                    "ref": "refs/pull/7/merge", "environment": null}),
                403,
                stranger,
            ),
            ("another branch", deploy, json!({"ref": "refs/heads/main-2"}), 403, stranger),
            ("no environment", deploy, json!({"environment": null}), 403, stranger),
            ("something else", "GET /deployments", json!({}), 403, stranger),
            (
                "the audience of those who ask for none",
                deploy,
                json!({"aud": "https://github.com/octo-org"}),
                401,
                "jwt_auth.audience_mismatch",
            ),
        ],
    );
}
