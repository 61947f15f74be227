//! scratch
use crate::harness::{Shared, configuration, token};
use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

fn show(g: &Shared, what: &str, r: Request, fields: &[&str]) {
    let bytes = String::from_utf8_lossy(&r.bytes()).lines().next().unwrap_or_default().to_owned();
    let e = g.ask(r);
    let mut notes = String::new();
    for f in fields {
        notes += &format!(" {f}={}", e.log.get(*f).map(|v| v.to_string()).unwrap_or_default());
    }
    let mut up = String::new();
    if let Ok(v) = serde_json::from_str::<serde_json::Value>(&e.response.text()) {
        if v.get("headers").is_some() {
            up = format!(
                " UP path={} headers={}",
                v["path"].as_str().or(v["uri"].as_str()).unwrap_or("?"),
                v["headers"]
            );
        } else {
            up = format!(" {v}");
        }
    }
    println!("{what}: [{bytes}] -> {}{notes} details={}{up}", e.response.status, e.log["details"]);
}

#[test]
fn paths() {
    let g = Shared::start(Gateway::builder("envoy/authorization.yaml"));
    let user = token::bearer(&token::good("bob"));
    for p in [
        "/products/..;/users/alice",
        "/products/..;x=1/users/alice",
        "/products/%2e%2e;/users/alice",
        "/products/.%2e/users/alice",
        "/products/%252e%252e/users/alice",
        "/products/..%5cusers",
        "/products/..\\users/alice",
        "/products\\..\\users",
        "/products/.;/x",
        "/products/..%00/",
        "/products/..%09/x",
        "/products/%c0%ae%c0%ae/x",
        "/products//users",
        "/products/x/..",
        "/products/..",
        "/products#/users",
        "/products?x#y",
        "http://gateway.example/users/alice",
        "http://evil.example/products",
        "/users/bob/.",
        "/users/%2e",
        "*",
        "/Products",
        "/users/bob%3b",
        "/users/bob%3fx",
        "/users/bob%23",
    ] {
        show(&g, "path", Request::get(p).header("authorization", &user), &["authorization"]);
    }
    for m in ["get", "Get", "HEAD", "TRACE", "CONNECT", "PROPFIND", "OPTIONS"] {
        show(&g, "method", Request::new(m, "/products/1").header("authorization", &user), &["authorization"]);
    }
    show(
        &g,
        "override",
        Request::new("GET", "/products/1")
            .header("authorization", &user)
            .header("x-http-method-override", "DELETE"),
        &["authorization"],
    );
    show(
        &g,
        "preflight override",
        Request::new("OPTIONS", "/users/alice")
            .header("origin", "x")
            .header("access-control-request-method", "GET")
            .header("x-http-method-override", "DELETE"),
        &["authorization", "jwt_auth"],
    );
    g.assert_no_trap();
}

#[test]
fn hosts() {
    let g = Shared::start(Gateway::builder("envoy/authorization.yaml").edit(|t| {
        configuration::set(
            t,
            "authorization",
            json!({"rules":[
        {"name":"no","match":{"hosts":["admin.example.com"]},"action":"deny"},
        {"name":"wild","match":{"hosts":["*.example.com"]},"action":"allow"}], "default":"deny"}),
        )
    }));
    for h in [
        "admin.example.com",
        "ADMIN.example.com",
        "admin.example.com:80",
        "admin.example.com:",
        "admin.example.com.",
        "admin.example.com.:80",
        "admin.example.com..",
        "x@admin.example.com",
        "a.admin.example.com",
        "example.com",
        ".example.com",
        "admin.example.com:80:90",
        "admin.example.com%2e",
        "[::1].example.com",
        "admin.example.com\t",
        " admin.example.com",
    ] {
        show(&g, &format!("host {h:?}"), Request::get("/").header("host", h), &["authorization"]);
    }
    show(
        &g,
        "absolute",
        Request::get("http://admin.example.com/").header("host", "b.example.com"),
        &["authorization"],
    );
    show(
        &g,
        "two hosts",
        Request::get("/").header("host", "b.example.com").header("host", "admin.example.com"),
        &["authorization"],
    );
    show(
        &g,
        "x-forwarded-host",
        Request::get("/").header("host", "b.example.com").header("x-forwarded-host", "admin.example.com"),
        &["authorization"],
    );
}

#[test]
fn claims() {
    let g = Shared::start(Gateway::builder("envoy/jwt-auth.yaml").edit(|t| { 
        let c = configuration::shipped(t, "jwt-auth");
        c["forward_token"] = json!(false);
        c["sources"] = json!([{"header":"authorization","prefix":"Bearer "},{"query":"access_token"},{"cookie":"session"}]);
        c["providers"][0]["claims_to_headers"] = json!([
            {"claim":"c","header":"x-csv"},{"claim":"j","header":"x-json","form":"json"},{"claim":"r","header":"x-rep","form":"repeated"}]); }));
    for v in [
        json!("text"),
        json!("ü"),
        json!(5),
        json!(1.5),
        json!(9007199254740993u64),
        json!(18446744073709551615u64),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!(["a", "b"]),
        json!(["a", 1, true, 1.10]),
        json!(["a,b"]),
        json!([["a"]]),
        json!([{"a":1}]),
        json!({"a":[1,{"b":"ü"}]}),
        json!([null, "a"]),
        json!(""),
        json!(["", ""]),
        json!([" a ", "b"]),
        json!("a\u{80}b"),
        json!("  pad "),
    ] {
        for (c, h) in [("c", "x-csv"), ("j", "x-json"), ("r", "x-rep")] {
            let mut m = serde_json::Map::new();
            m.insert(c.to_owned(), v.clone());
            let t = token::demo(&token::with(token::claims("alice"), serde_json::Value::Object(m)));
            let e = g.ask(Request::get("/orders").header("authorization", token::bearer(&t)));
            let got = if e.response.status == 200 {
                format!("{:?}", crate::harness::received(&e.response, h))
            } else {
                e.response.text()
            };
            println!("{v} {c} -> {} {got}", e.response.status);
        }
    }
    for n in ["x-csv", "X-CSV", "x_csv", "X-Csv", "x-csv "] {
        show(&g, &format!("spoof {n}"), Request::get("/healthz").header(n, "evil"), &["jwt_auth"]);
    }
    let good = token::good("alice");
    show(
        &g,
        "optional, none",
        Request::get("/products/1").header("authorization", "Basic abc"),
        &["jwt_auth"],
    );
    show(&g, "query", Request::get(&format!("/orders?a=1&access_token={good}&b=2")), &["jwt_auth"]);
    show(
        &g,
        "cookie",
        Request::get("/orders").header("cookie", format!("a=1; session={good}; b=2")),
        &["jwt_auth"],
    );
    show(&g, "none", Request::get("/healthz").header("authorization", token::bearer(&good)), &["jwt_auth"]);
    g.assert_no_trap();
}

#[test]
fn strips() {
    let g = Shared::start(Gateway::builder("envoy/jwt-auth.yaml").edit(|t| {
        let c = configuration::shipped(t, "jwt-auth");
        c["forward_token"] = json!(false);
        let mut second = c["providers"][0].clone();
        second["name"] = json!("mesh");
        second["issuer"] = json!("https://mesh.example");
        second["sources"] = json!([{"header":"x-service-token"}]);
        second["claims_to_headers"] = json!([{"claim":"sub","header":"x-service"}]);
        c["providers"].as_array_mut().unwrap().push(second);
        c["rules"] =
            json!([{"name":"opt","match":{"path":{"prefix":"/opt"}},"require":{"optional":["demo"]}}]);
    }));
    show(
        &g,
        "optional: token in another's place",
        Request::get("/opt").header("x-service-token", token::good("alice")),
        &["jwt_auth"],
    );
    let g = Shared::start(Gateway::builder("envoy/jwt-auth.yaml").edit(|t| {
        let c = configuration::shipped(t, "jwt-auth");
        c["forward_token"] = json!(false);
        c["mode"] = json!("shadow");
    }));
    show(&g, "shadow bad", Request::get("/orders").header("authorization", "Bearer a.b.c"), &["jwt_auth"]);
    show(
        &g,
        "shadow two",
        Request::get("/orders")
            .header("authorization", "Bearer a.b.c")
            .header("authorization", "Bearer a.b.c"),
        &["jwt_auth"],
    );
    show(
        &g,
        "preflight",
        Request::new("OPTIONS", "/orders")
            .header("origin", "x")
            .header("access-control-request-method", "GET")
            .header("authorization", "Bearer a.b.c"),
        &["jwt_auth"],
    );
}

#[test]
fn silent() {
    for (name, value) in [("no such cluster", json!({"cluster":"nope","path":"/x"}))] {
        let g = Shared::start(Gateway::builder("envoy/jwt-auth-remote.yaml").edit(move |t| {
            let c = configuration::shipped(t, "jwt-auth");
            c["providers"][0]["jwks"] = value;
        }));
        std::thread::sleep(std::time::Duration::from_secs(2));
        show(
            &g,
            name,
            Request::get("/orders").header("authorization", token::bearer(&token::good("alice"))),
            &["jwt_auth"],
        );
        println!(
            "{}",
            g.gateway()
                .stderr()
                .lines()
                .filter(|l| l.contains("wasm") || l.contains("jwt") || l.contains("warn"))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
    let g = Gateway::builder("envoy/api-key-auth.yaml")
        .edit(|t| {
            configuration::set(t, "api-key-auth", json!({"consumers_from":{"cluster":"nope","path":"/"}}))
        })
        .start();
    match g {
        Ok(g) => {
            std::thread::sleep(std::time::Duration::from_secs(2));
            println!(
                "{}",
                g.stderr()
                    .lines()
                    .filter(|l| l.contains("wasm") || l.contains("key") || l.contains("warn"))
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
        Err(e) => println!("{e}"),
    }
}
