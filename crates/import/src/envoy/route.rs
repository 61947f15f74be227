//! Routes: which requests, and where they go.

use serde_json::{Map, Value, json};

/// A route. Rules of filters know it by its name, which several may have: what one route of the
/// file's became has one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) matches: Match,
    pub(crate) action: Action,
    /// What `match.policy` of a rule finds.
    pub(crate) policy: Option<String>,
    /// Configurations of Envoy's filters, for this route.
    pub(crate) per_filter: Map<String, Value>,
}

/// Which requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) path: Path,
    /// Header conditions, as Envoy writes them.
    pub(crate) headers: Vec<Value>,
}

/// Which paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Path {
    /// All that begin so.
    Prefix(String),
    /// This one, and those below it.
    Segments(String),
    Exact(String),
    /// All of which this is the whole.
    Pattern(String),
}

/// What becomes of a path on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rewrite {
    No,
    /// What matched becomes this.
    Prefix(String),
    /// What the pattern finds becomes this, with `\1` for its groups.
    Pattern(String, String),
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Forward {
        cluster: String,
        rewrite: Rewrite,
        /// Anything else that Envoy's `route` has.
        more: Map<String, Value>,
    },
    Answer {
        status: u16,
        body: Option<String>,
        content_type: Option<String>,
    },
    /// To the same address by https.
    Secure {
        code: &'static str,
    },
}

/// An answer without a body.
pub(crate) fn direct(status: u16) -> Action {
    Action::Answer { status, body: None, content_type: None }
}

impl Route {
    pub(super) fn tree(&self) -> Value {
        let mut tree = Map::new();
        let mut set = |name: &str, value: Value| tree.insert(name.to_owned(), value);
        set("name", json!(self.name));
        set("match", self.matches.tree());
        if let Some(policy) = &self.policy {
            set("metadata", json!({"filter_metadata": {"gatehouse": {"policy": policy}}}));
        }
        if !self.per_filter.is_empty() {
            set("typed_per_filter_config", json!(self.per_filter));
        }
        match &self.action {
            Action::Forward { cluster, rewrite, more } => {
                let mut route = more.clone();
                route.insert("cluster".to_owned(), json!(cluster));
                match rewrite {
                    Rewrite::No => {}
                    Rewrite::Prefix(to) => _ = route.insert("prefix_rewrite".to_owned(), json!(to)),
                    Rewrite::Pattern(from, to) => {
                        let rewrite = json!({"pattern": {"regex": from}, "substitution": to});
                        route.insert("regex_rewrite".to_owned(), rewrite);
                    }
                }
                set("route", Value::Object(route));
            }
            Action::Answer { status, body, content_type } => {
                let mut answer = Map::new();
                answer.insert("status".to_owned(), json!(status));
                if let Some(body) = body {
                    answer.insert("body".to_owned(), json!({"inline_string": body}));
                }
                set("direct_response", Value::Object(answer));
                if let Some(content_type) = content_type {
                    let header = json!({"key": "content-type", "value": content_type});
                    set(
                        "response_headers_to_add",
                        json!([{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]),
                    );
                }
            }
            Action::Secure { code } => {
                set("redirect", json!({"https_redirect": true, "response_code": code}));
            }
        }
        Value::Object(tree)
    }
}

impl Match {
    /// The same requests, and these conditions.
    pub(crate) fn and(mut self, headers: impl IntoIterator<Item = Value>) -> Self {
        self.headers.extend(headers);
        self
    }

    fn tree(&self) -> Value {
        let mut tree = Map::new();
        let (name, value) = match &self.path {
            Path::Prefix(path) => ("prefix", json!(path)),
            Path::Segments(path) => ("path_separated_prefix", json!(path)),
            Path::Exact(path) => ("path", json!(path)),
            Path::Pattern(pattern) => ("safe_regex", json!({"regex": pattern})),
        };
        tree.insert(name.to_owned(), value);
        if !self.headers.is_empty() {
            tree.insert("headers".to_owned(), json!(self.headers));
        }
        Value::Object(tree)
    }
}

/// A text as a pattern that is this text alone.
pub(crate) fn pattern_of(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            // RE2 takes an escape of any sign that is no letter, digit or underscore.
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
