use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use gatehouse_demo::{Service, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The program serving on a free port of its own choice; killed at the end of a test that did not
/// stop it.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(service: &str, instance: &str) -> Self {
        let mut child = demo(&[service, "--listen", "127.0.0.1:0", "--instance", instance])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("http://").unwrap();
        Self { address: address.to_owned(), child }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse-demo"));
    command
        .args(arguments)
        .env_remove("DEMO_SERVICE")
        .env_remove("DEMO_LISTEN")
        .env_remove("DEMO_INSTANCE");
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = demo(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_replicas_of_orders_name_themselves_over_http_1() {
    for instance in ["orders-1", "orders-2"] {
        let replica = Running::start("orders", instance);
        let mut stream = replica.connect();
        stream.write_all(b"GET /17 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains(&format!("\r\nx-served-by: {instance}\r\n")), "{answer}");
    }
}

#[test]
fn http_2_is_spoken_to_a_client_that_starts_with_it() {
    let running = Running::start("users", "users");
    let mut stream = running.connect();
    // RFC 9113 section 3.4: the preface, then a SETTINGS frame (length 0, type 4).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "the server answers with its SETTINGS: {frame:?}");
}

#[test]
fn a_signal_stops_the_program_at_once_even_with_a_client_in_the_middle_of_a_request() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start("echo", "echo");
        let mut idle = running.connect();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        idle.read_exact(&mut [0; 12]).unwrap();
        let mut stuck = running.connect();
        stuck.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf").unwrap();

        let kill =
            Command::new("kill").args([signal, &running.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        // Returns: the test would hang here. The grace is half a second.
        assert_eq!(running.child.wait().unwrap().code(), Some(0), "{signal}");
        assert!(TcpStream::connect(&running.address).is_err(), "{signal}");
    }
}

#[test]
fn the_healthcheck_exits_with_0_for_a_healthy_service_and_1_for_anything_else() {
    let running = Running::start("echo", "echo");
    let url = |path: &str| format!("http://{}{path}", running.address);
    for (url, want, error) in [
        (url("/healthz"), 0, ""),
        (url("/x?status=299"), 0, ""),
        (url("/x?status=503"), 1, "answered 503"),
        (url("/x?status=301"), 1, "answered 301"),
        (url("/x?delay_ms=10000"), 1, "no answer in 3 seconds"),
        ("http://127.0.0.1:1/".to_owned(), 1, "refused"),
        ("ftp://127.0.0.1/".to_owned(), 1, "must be http://"),
    ] {
        let (code, stderr) = run(&["healthcheck", "--url", &url]);
        assert_eq!(code, Some(want), "{url}: {stderr}");
        assert!(stderr.contains(error), "{url}: {stderr}");
    }
}

#[test]
fn a_start_that_cannot_succeed_says_why() {
    let running = Running::start("users", "users");
    for (arguments, want) in [
        (
            &["basket"][..],
            "unknown service `basket`: the services are auth, users, orders, products, recommendations, echo",
        ),
        (&[], "usage: gatehouse-demo <service>"),
        (
            &["users", "--listen", &running.address],
            "another program does; stop it, or choose a port with --listen",
        ),
        (&["users", "--listen", "here"], "cannot listen on here: "),
    ] {
        let (code, stderr) = run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(want), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn a_service_in_process_ends_with_its_shutdown() {
    // Another test may be given the port as soon as it is free, but not at this address.
    let listener = TcpListener::bind("127.0.0.7:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(Service::Products, "p", listener, async {
        let _ = stopped.await;
    }));
    drop(tokio::net::TcpStream::connect(address).await.unwrap());
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
