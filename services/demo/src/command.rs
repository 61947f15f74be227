//! The command line.

use std::fmt;

use gatehouse_demo::{Service, UnknownService};

pub(crate) const USAGE: &str = "\
usage: gatehouse-demo <service> [--listen ADDRESS:PORT] [--instance NAME]
       gatehouse-demo healthcheck [--url URL]

  <service>    auth, users, orders, products, recommendations or echo   (or DEMO_SERVICE)
  --listen     where to listen, 0.0.0.0:8000 unless given   (or DEMO_LISTEN)
  --instance   the name in `x-served-by`, the service's own unless given   (or DEMO_INSTANCE)
  --url        what to GET, http://127.0.0.1:8000/healthz unless given; exit 0 on a 2xx answer, else 1";

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Serve(Upstream),
    Healthcheck { url: String },
    Help,
}

/// A service to run.
#[derive(Debug, PartialEq)]
pub(crate) struct Upstream {
    pub(crate) service: Service,
    pub(crate) instance: String,
    pub(crate) listen: String,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Misuse {
    ServiceMissing,
    ServiceUnknown(UnknownService),
    InstanceInvalid(String),
    ValueMissing(String),
    ArgumentUnknown(String),
}

impl Command {
    /// Reads the arguments after the program's name; `env` gives what they leave out. An empty
    /// variable is unset.
    pub(crate) fn parse(
        arguments: impl Iterator<Item = String>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Misuse> {
        let (mut name, mut listen, mut instance, mut url) = (None, None, None, None);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let slot = match flag {
                "-h" | "--help" => return Ok(Self::Help),
                "--listen" => &mut listen,
                "--instance" => &mut instance,
                "--url" => &mut url,
                _ if name.is_none() && !flag.starts_with('-') => {
                    name = Some(argument);
                    continue;
                }
                _ => return Err(Misuse::ArgumentUnknown(argument)),
            };
            let value = inline.or_else(|| arguments.next());
            *slot = Some(value.ok_or_else(|| Misuse::ValueMissing(flag.to_owned()))?);
        }

        let env = |name| env(name).filter(|value| !value.is_empty());
        let name = name.or_else(|| env("DEMO_SERVICE")).ok_or(Misuse::ServiceMissing)?;
        if name == "healthcheck" {
            if let Some((flag, _)) =
                [("--listen", listen), ("--instance", instance)].into_iter().find(|f| f.1.is_some())
            {
                return Err(Misuse::ArgumentUnknown(flag.to_owned()));
            }
            return Ok(Self::Healthcheck { url: url.unwrap_or_else(|| DEFAULT_URL.to_owned()) });
        }
        if url.is_some() {
            return Err(Misuse::ArgumentUnknown("--url".to_owned()));
        }
        let service: Service = name.parse().map_err(Misuse::ServiceUnknown)?;
        let instance =
            instance.or_else(|| env("DEMO_INSTANCE")).unwrap_or_else(|| service.name().to_owned());
        if instance.is_empty() || !instance.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Misuse::InstanceInvalid(instance));
        }
        let listen =
            listen.or_else(|| env("DEMO_LISTEN")).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        Ok(Self::Serve(Upstream { service, instance, listen }))
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceMissing => f.write_str("which service?"),
            Self::ServiceUnknown(unknown) => unknown.fmt(f),
            Self::InstanceInvalid(name) => {
                write!(
                    f,
                    "--instance {name:?}: must be printable ASCII without spaces: it is sent in a header"
                )
            }
            Self::ValueMissing(flag) => write!(f, "{flag} needs a value"),
            Self::ArgumentUnknown(argument) => write!(f, "{argument:?} is not an argument here"),
        }
    }
}

const DEFAULT_LISTEN: &str = "0.0.0.0:8000";
const DEFAULT_URL: &str = "http://127.0.0.1:8000/healthz";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, env: &[(&str, &str)]) -> Result<Command, Misuse> {
        let env =
            |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Command::parse(line.split_whitespace().map(str::to_owned), env)
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_defaults() {
        let all =
            [("DEMO_SERVICE", "users"), ("DEMO_LISTEN", "[::1]:1"), ("DEMO_INSTANCE", "users-9")];
        for (line, env, want) in [
            ("auth", &[][..], (Service::Auth, "auth", "0.0.0.0:8000")),
            ("", &all, (Service::Users, "users-9", "[::1]:1")),
            ("orders --listen=:1 --instance orders-2", &all, (Service::Orders, "orders-2", ":1")),
            ("--instance p echo", &[("DEMO_LISTEN", "")], (Service::Echo, "p", "0.0.0.0:8000")),
        ] {
            let (service, instance, listen) = want;
            let want =
                Upstream { service, instance: instance.to_owned(), listen: listen.to_owned() };
            assert_eq!(parse(line, env), Ok(Command::Serve(want)), "{line}");
        }
        for (line, want) in
            [("healthcheck", DEFAULT_URL), ("healthcheck --url http://a:1/b", "http://a:1/b")]
        {
            assert_eq!(
                parse(line, &all),
                Ok(Command::Healthcheck { url: want.to_owned() }),
                "{line}"
            );
        }
        assert_eq!(parse("orders --help", &[]), Ok(Command::Help));
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, want) in [
            ("", "which service?"),
            (
                "order",
                "unknown service `order`: the services are auth, users, orders, products, recommendations, echo",
            ),
            ("orders users", "\"users\" is not an argument here"),
            ("orders --port 1", "\"--port\" is not an argument here"),
            ("orders --url x", "\"--url\" is not an argument here"),
            ("healthcheck --listen x", "\"--listen\" is not an argument here"),
            ("orders --listen", "--listen needs a value"),
            (
                "orders --instance é",
                "--instance \"é\": must be printable ASCII without spaces: it is sent in a header",
            ),
        ] {
            assert_eq!(parse(line, &[]).map_err(|e| e.to_string()), Err(want.to_owned()), "{line}");
        }
    }
}
