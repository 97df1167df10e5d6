//! Figures for Prometheus, in its text format, by HTTP.

use std::fmt::Write as _;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::server::Server;

/// Connections at a time.
const MOST: usize = 16;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Where the figures are asked for.
pub(super) struct Metrics {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl Metrics {
    pub(super) async fn bind(address: SocketAddr) -> Result<Self, String> {
        let listener = TcpListener::bind(address).await;
        Ok(Self {
            listener: listener.map_err(|error| format!("cannot listen at {address}: {error}"))?,
            room: Arc::new(Semaphore::new(MOST)),
        })
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Somebody asks. It may be dropped and called again.
    pub(super) async fn asked(&self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                // The system has no more to give just now.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Answers with these figures, while the server goes on.
    pub(super) fn answer(&self, stream: TcpStream, figures: String) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let is_right =
                    request.method() == Method::GET && request.uri().path() == "/metrics";
                ready(response(is_right.then(|| figures.clone())))
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).keep_alive(false);
            let answering = builder.serve_connection(TokioIo::new(stream), answer);
            let _ = timeout(LIMIT, answering).await;
            drop(permit);
        });
    }
}

fn response(figures: Option<String>) -> hyper::http::Result<Response<String>> {
    let response = Response::builder();
    match figures {
        Some(figures) => response
            .header(CONTENT_TYPE, "text/plain; version=0.0.4")
            .body(figures),
        None => response.status(StatusCode::NOT_FOUND).body(String::new()),
    }
}

/// All figures of a server.
pub(super) fn figures(server: &Server) -> String {
    let counts = server.counts();
    let proxy = server.proxy().counts();
    let sockets = server.endpoint().counts();
    let mut text = String::new();
    let mut add = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = write!(
            text,
            "# HELP telephony_{name} {help}\n# TYPE telephony_{name} {kind}\ntelephony_{name} {value}\n"
        );
    };
    let mut gauge = |name: &str, help: &str, value: usize| add(name, "gauge", help, value as u64);
    gauge(
        "registered_users",
        "Addresses-of-record that can be reached.",
        server.reachable(),
    );
    gauge("calls", "Calls that stand.", server.calls());
    gauge(
        "known_dialogs",
        "Calls and subscriptions that were let through.",
        server.known(),
    );
    gauge(
        "requests",
        "Requests that are being forwarded.",
        proxy.requests,
    );
    gauge(
        "client_transactions",
        "Client transactions.",
        proxy.transactions.clients,
    );
    gauge(
        "server_transactions",
        "Server transactions.",
        proxy.transactions.servers,
    );
    gauge("lookups", "Questions to the DNS.", proxy.lookups);
    gauge(
        "connections",
        "TCP and TLS connections.",
        sockets.connections,
    );
    let mut counter = |name: &str, help: &str, value: u64| add(name, "counter", help, value);
    counter(
        "received_messages_total",
        "Messages received.",
        sockets.received,
    );
    counter("sent_messages_total", "Messages sent.", sockets.sent);
    counter(
        "unsent_messages_total",
        "Messages that could not be sent.",
        sockets.unsent,
    );
    counter("requests_total", "Requests received.", counts.requests);
    counter(
        "challenged_requests_total",
        "Requests that were challenged.",
        counts.challenged,
    );
    counter(
        "refused_requests_total",
        "Requests that were refused.",
        counts.refused,
    );
    counter("calls_total", "Calls let through.", counts.calls);
    counter("answered_calls_total", "Calls answered.", counts.answered);
    counter(
        "stun_responses_total",
        "STUN requests answered.",
        counts.stun,
    );
    counter(
        "malformed_messages_total",
        "Messages that could not be read.",
        proxy.transactions.malformed,
    );
    text
}
