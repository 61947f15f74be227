use super::function::{self, Function};
use super::placeholder::IdentityPart;
use std::fmt;

/// What is wrong with a placeholder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// There is no such placeholder.
    Unknown {
        /// The kind that was most likely meant.
        nearest: Option<&'static str>,
        /// Whether the placeholders of a response are among the known ones.
        response: bool,
        /// How the placeholders of the filter's own are written, where it has any.
        own: Option<&'static str>,
    },
    /// An identity has no such part.
    UnknownIdentityPart(Option<&'static str>),
    /// The rule's path template captures no such name, but these.
    UnknownCapture(Vec<String>),
    /// There is no pattern that would capture anything.
    NoPattern,
    /// The rule's pattern has no such group.
    UnknownGroup,
    /// What follows the dot cannot be a name.
    BadName,
    /// What is wrong with a placeholder of the filter's own.
    Own(String),
    /// A response is spoken of where there is none.
    NoResponse,
    /// `${header.host}`: Envoy keeps the host elsewhere.
    HostHeader,
    /// `${response.header.set-cookie}`: cannot be one value.
    SetCookie,
    /// The brace is not closed.
    Unclosed,
    /// There is no such function, but one that was most likely meant.
    UnknownFunction(Option<&'static str>),
    /// A function that takes no argument has one.
    Argument(String),
    /// A function lacks the argument that it needs, which looks so.
    NoArgument(&'static str),
    /// The pattern of `replace` is none.
    Pattern(String),
    /// More functions than a placeholder may have.
    TooManyFunctions,
    /// A `$` that neither a brace nor a second `$` follows.
    LoneDollar,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { nearest, response, own } => {
                f.write_str("unknown placeholder")?;
                if let Some(nearest) = nearest {
                    write!(f, ", did you mean `{nearest}`?")?;
                }
                f.write_str(
                    "; known here: header.NAME, query.NAME, path.NAME, method, host, path, ",
                )?;
                f.write_str("cookie.NAME, client_address, time, uuid, identity.PART, claim.PATH")?;
                if *response {
                    f.write_str(", response.header.NAME, response.status")?;
                }
                if let Some(own) = own {
                    write!(f, ", {own}")?;
                }
                Ok(())
            }
            Self::UnknownIdentityPart(nearest) => {
                f.write_str("unknown part of an identity")?;
                if let Some(nearest) = nearest {
                    write!(f, ", did you mean `{nearest}`?")?;
                }
                f.write_str("; known: ")?;
                f.write_str(&IdentityPart::ALL.map(|(name, _)| name).join(", "))
            }
            Self::UnknownCapture(known) if known.is_empty() => {
                f.write_str("captures nothing: give the rule a path template such as /users/{id}")
            }
            Self::UnknownCapture(known) => {
                write!(
                    f,
                    "is not captured by the rule's path template, which has {}",
                    known.join(", ")
                )
            }
            Self::NoPattern => f.write_str(
                "has no pattern that it could be of: give the rule a `capture` where the filter has one",
            ),
            Self::UnknownGroup => f.write_str("is no group of the pattern in `capture`"),
            Self::BadName => {
                f.write_str("must have a name after the dot, without spaces and the characters ${|")
            }
            Self::Own(fault) => f.write_str(fault),
            Self::NoResponse => {
                f.write_str("there is no response yet: only response operations know it")
            }
            Self::HostHeader => f.write_str("the host is ${host}"),
            Self::SetCookie => {
                f.write_str("several cookies cannot be one value: use copy or rename")
            }
            Self::Unclosed => f.write_str("has no closing brace"),
            Self::UnknownFunction(nearest) => {
                f.write_str("unknown function")?;
                if let Some(nearest) = nearest {
                    write!(f, ", did you mean `{nearest}`?")?;
                }
                write!(f, "; known: {}", Function::known())
            }
            Self::Argument(name) => write!(f, "{name} takes no argument"),
            Self::NoArgument(example) => {
                let name = example.split(':').next().unwrap_or_default();
                write!(f, "{name} must be written as in `| {example}`")
            }
            Self::Pattern(error) => write!(f, "is not a valid pattern: {error}"),
            Self::TooManyFunctions => {
                write!(f, "must not have more than {} functions", function::MOST)
            }
            Self::LoneDollar => {
                f.write_str("must be `$$` for a dollar sign, or begin a placeholder `${...}`")
            }
        }
    }
}
