//! A row of a table: what the origin answers, what a client asks, and what it should get.

use std::time::Duration;

use gatehouse_sandbox::raw::Request;

use super::origin::{Answer, Value};

/// What a row says, and how that is seen.
pub(super) struct Row {
    /// Where it is said: `RFC 9111 §4.2.1`.
    pub(super) section: &'static str,
    pub(super) sentence: String,
    /// The first segment of its paths, which is the name of the rule that they are under.
    pub(super) rule: &'static str,
    pub(super) answers: Vec<Answer>,
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    Ask(Box<Ask>, Box<Want>),
    Wait(Duration),
    /// The origin is asked so often in all, sooner or later.
    AskedInAll(usize),
}

/// A row that says this, as that section does.
pub(super) fn row(section: &'static str, sentence: impl Into<String>) -> Row {
    let sentence = sentence.into();
    Row { section, sentence, rule: "all", answers: Vec::new(), steps: Vec::new() }
}

impl Row {
    /// Whether it has requests that may change something.
    pub(super) fn is_unsafe(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Ask(ask, _) if ask.is_unsafe()))
    }

    pub(super) fn rule(self, rule: &'static str) -> Self {
        Self { rule, ..self }
    }

    /// The origin's next answer; the last one is its answer ever after.
    pub(super) fn origin(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    pub(super) fn ask(mut self, ask: Ask, want: Want) -> Self {
        self.steps.push(Step::Ask(Box::new(ask), Box::new(want)));
        self
    }

    pub(super) fn get(self, want: Want) -> Self {
        self.ask(get(), want)
    }

    /// Lets time go by.
    pub(super) fn wait(mut self, seconds: u64) -> Self {
        self.steps.push(Step::Wait(Duration::from_secs(seconds)));
        self
    }

    pub(super) fn asked_in_all(mut self, times: usize) -> Self {
        self.steps.push(Step::AskedInAll(times));
        self
    }

    /// A client asks twice: the second answer is from the store.
    pub(super) fn reused(self) -> Self {
        self.get(asked()).get(stored())
    }

    /// A client asks twice: so is the origin, and not for a validation.
    pub(super) fn not_reused(self) -> Self {
        self.get(asked()).get(asked())
    }

    /// A client asks, and again when more than a second has gone by: so is the origin.
    pub(super) fn not_reused_later(self) -> Self {
        self.get(asked()).wait(3).get(asked())
    }

    /// The same, and the second answer is from the store.
    pub(super) fn reused_later(self) -> Self {
        self.get(asked()).wait(3).get(stored())
    }
}

/// A request of a client.
#[derive(Clone)]
pub(super) struct Ask {
    method: String,
    /// What follows the row's own path.
    rest: String,
    fields: Vec<(String, Value)>,
    body: Vec<u8>,
}

pub(super) fn get() -> Ask {
    ask("GET")
}

pub(super) fn head() -> Ask {
    ask("HEAD")
}

pub(super) fn ask(method: &str) -> Ask {
    Ask { method: method.to_owned(), rest: String::new(), fields: Vec::new(), body: Vec::new() }
}

impl Ask {
    /// A path below that of the row, or a query.
    pub(super) fn at(self, rest: &str) -> Self {
        Self { rest: rest.to_owned(), ..self }
    }

    pub(super) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_vec(), ..self }
    }

    /// Whether it may change something (RFC 9110 §9.2.1).
    pub(super) fn is_unsafe(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "QUERY" | "TRACE")
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// As it is sent for a row whose paths begin so.
    pub(super) fn request(&self, row: &str) -> Request {
        let request = Request::new(&self.method, format!("{row}{}", self.rest));
        let request = self
            .fields
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value.bytes(row)));
        match self.body.is_empty() {
            true => request,
            false => request.body(self.body.clone()),
        }
    }

    /// For a message about it.
    pub(super) fn line(&self) -> String {
        format!("{} …{}", self.method, self.rest)
    }
}

/// Where a response is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The origin was not asked, and answered earlier.
    Store,
    /// The origin was asked once, and its answer is the response.
    Origin,
    /// The origin was asked once, by a conditional request, and the response is what it said
    /// earlier.
    Validated,
    /// The origin was asked once, for a part, and the response is put together.
    Completed,
    /// The origin was not asked and never answered this.
    Cache,
    /// No whole response comes.
    Nowhere,
    /// No matter.
    Any,
}

/// What is expected of a response.
#[derive(Clone)]
pub(super) struct Want {
    pub(super) source: Source,
    pub(super) status: u16,
    pub(super) fields: Vec<(String, Is)>,
    pub(super) body: Option<Vec<u8>>,
    /// What the body has in it.
    pub(super) parts: Vec<String>,
    /// The number of the origin's answer that it is.
    pub(super) answer: Option<usize>,
    /// Fields of the request that the origin saw.
    pub(super) saw: Vec<(String, Is)>,
    /// Parameters that the cache's member of `Cache-Status` has, and those that it has not.
    pub(super) says: Vec<String>,
    pub(super) says_not: Vec<String>,
    /// Whether the origin may be asked meanwhile, in the background.
    pub(super) refreshes: bool,
}

/// What a field is to be.
#[derive(Clone, Debug)]
pub(super) enum Is {
    Exactly(String),
    Absent,
    Present,
    /// What the origin said in the answer that this is.
    AsSent,
    /// A number that is not smaller.
    AtLeast(u64),
    /// A number that is smaller.
    Below(u64),
    Containing(String),
}

fn want(source: Source) -> Want {
    Want {
        source,
        status: 200,
        fields: Vec::new(),
        body: None,
        parts: Vec::new(),
        answer: None,
        saw: Vec::new(),
        says: Vec::new(),
        says_not: Vec::new(),
        refreshes: false,
    }
}

/// From the store, without a word to the origin.
pub(super) fn stored() -> Want {
    want(Source::Store)
}

/// From the origin.
pub(super) fn asked() -> Want {
    want(Source::Origin)
}

/// From the store, after the origin said that it is still good.
pub(super) fn validated() -> Want {
    want(Source::Validated)
}

/// Of what is stored and what the origin adds to it.
pub(super) fn completed() -> Want {
    want(Source::Completed)
}

/// The cache's own response of this status.
pub(super) fn refused(status: u16) -> Want {
    want(Source::Cache).status(status)
}

/// Nothing whole: the connection ends before.
pub(super) fn nothing() -> Want {
    want(Source::Nowhere)
}

/// From wherever: the RFC leaves it to the cache.
pub(super) fn either() -> Want {
    want(Source::Any)
}

impl Want {
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(super) fn is(mut self, name: &str, is: Is) -> Self {
        self.fields.push((name.to_owned(), is));
        self
    }

    /// A field with this value.
    pub(super) fn with(self, name: &str, value: impl Into<String>) -> Self {
        self.is(name, Is::Exactly(value.into()))
    }

    pub(super) fn without(self, name: &str) -> Self {
        self.is(name, Is::Absent)
    }

    pub(super) fn same(self, name: &str) -> Self {
        self.is(name, Is::AsSent)
    }

    pub(super) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: Some(body.as_ref().to_vec()), ..self }
    }

    pub(super) fn holds(mut self, part: &str) -> Self {
        self.parts.push(part.to_owned());
        self
    }

    pub(super) fn answer(self, number: usize) -> Self {
        Self { answer: Some(number), ..self }
    }

    /// The origin saw a field with this value.
    pub(super) fn saw(mut self, name: &str, value: &str) -> Self {
        self.saw.push((name.to_owned(), Is::Exactly(value.to_owned())));
        self
    }

    /// The origin saw no such field.
    pub(super) fn saw_no(mut self, name: &str) -> Self {
        self.saw.push((name.to_owned(), Is::Absent));
        self
    }

    pub(super) fn says(mut self, parameter: &str) -> Self {
        self.says.push(parameter.to_owned());
        self
    }

    pub(super) fn says_not(mut self, parameter: &str) -> Self {
        self.says_not.push(parameter.to_owned());
        self
    }

    pub(super) fn and_refreshes(self) -> Self {
        Self { refreshes: true, ..self }
    }
}
