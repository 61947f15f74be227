use super::*;

fn parse(args: &[&str], env: &[(&str, &str)]) -> Result<Options, String> {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let env = |name: &str| {
        env.iter().find(|(this, _)| *this == name).map(|(_, value)| (*value).to_owned())
    };
    COMMAND
        .parse(&args)
        .and_then(|given| Options::read(&given, env))
        .map_err(|error| error.to_string())
}

#[test]
fn an_option_wins_over_the_environment_which_wins_over_the_default() {
    let of = |config: &str, port, admin_port, concurrency| {
        let config = config.to_owned();
        Ok(Options {
            config,
            port,
            admin_port,
            console_port: 9902,
            concurrency,
            upstream: None,
            collector: "127.0.0.1:4317".parse().unwrap(),
            quiet: false,
            log: None,
        })
    };
    let in_front_of = |address: &str| {
        let upstream = Some(address.parse().unwrap());
        of(CONFIG, 8080, 9901, 1).map(|options| Options { upstream, ..options })
    };
    let options = |port, admin_port, concurrency| of(CONFIG, port, admin_port, concurrency);
    let env = [("GATEHOUSE_PORT", "1"), ("GATEHOUSE_ADMIN_PORT", "2")];
    for (args, env, want) in [
        (&[][..], &[][..], options(8080, 9901, 1)),
        (&[], &env, options(1, 2, 1)),
        (&["--port", "3", "--admin-port=4", "--concurrency", "8"], &env, options(3, 4, 8)),
        (
            &["--console-port", "5"],
            &[("GATEHOUSE_CONSOLE_PORT", "4")],
            options(8080, 9901, 1).map(|options| Options { console_port: 5, ..options }),
        ),
        (&["envoy/gateway.yaml", "--port", "3"], &[], of("envoy/gateway.yaml", 3, 9901, 1)),
        (&["--upstream", "127.0.0.1:8000"], &[], in_front_of("127.0.0.1:8000")),
        (&["--upstream=[::1]:80"], &[], in_front_of("[::1]:80")),
        (&["--upstream", "localhost:8000"], &[], in_front_of("127.0.0.1:8000")),
        (
            &["--collector", "127.0.0.1:55"],
            &[],
            options(8080, 9901, 1)
                .map(|options| Options { collector: "127.0.0.1:55".parse().unwrap(), ..options }),
        ),
        (
            &["--collector", "nobody"],
            &[],
            Err("--collector must be HOST:PORT, not `nobody`".to_owned()),
        ),
        (
            &["--quiet", "--log", "access.json"],
            &[],
            options(8080, 9901, 1).map(|options| Options {
                quiet: true,
                log: Some("access.json".to_owned()),
                ..options
            }),
        ),
        (&["--quiet=yes"], &[], Err("--quiet takes no value".to_owned())),
        (&["--log"], &[], Err("--log needs a file".to_owned())),
        (
            &["--upstream", "127.0.0.1"],
            &[],
            Err("--upstream must be HOST:PORT, not `127.0.0.1`".to_owned()),
        ),
        (&["--port"], &[], Err("--port needs a number".to_owned())),
        (
            &["--port", "70000"],
            &[],
            Err("--port must be a number in range, not `70000`".to_owned()),
        ),
        (
            &[],
            &[("GATEHOUSE_PORT", "x")],
            Err("GATEHOUSE_PORT must be a number in range, not `x`".to_owned()),
        ),
        (
            &["--prot", "1"],
            &[],
            Err("up has no option `--prot`; there are --port, --admin-port, --console-port, \
                 --concurrency, --upstream, --collector, --quiet and --log"
                .to_owned()),
        ),
        (
            &["--port", "9901"],
            &[],
            Err("the gateway and Envoy's admin interface cannot both have \
                 port 9901"
                .to_owned()),
        ),
        (
            &["--admin-port", "9902"],
            &[],
            Err("Envoy's admin interface and the console cannot both have \
                 port 9902"
                .to_owned()),
        ),
    ] {
        assert_eq!(parse(args, env), want, "{args:?} {env:?}");
    }
}

#[test]
fn the_hints_say_where_the_access_log_is() {
    for (args, want) in [
        (&[][..], "The access log follows."),
        (&["--quiet"], "There is no access log (--quiet)."),
        (&["--log", "a.json"], "The access log follows, and is in a.json."),
        (&["--log", "a.json", "--quiet"], "The access log is in a.json."),
    ] {
        assert_eq!(parse(args, &[]).unwrap().where_the_log_is(), want);
    }
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let error = ensure_free(port, "--port", "GATEHOUSE_PORT").unwrap_err().to_string();
    assert_eq!(
        error,
        format!("port {port} is taken: choose another with `--port N` or GATEHOUSE_PORT=N")
    );
}
