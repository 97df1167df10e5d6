//! `telephony rtsp play --web`: one page to watch and control a stream, for this machine.

mod guard;
mod player;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::{Channel, Sender};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hyper::http::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use telephony_net::rtsp::ClientConfig;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

use super::{Problem, interrupted};
use player::{Action, Player};

/// How many connections there may be at once: a page has three.
const CONNECTIONS: usize = 64;
/// How long a request may take to come.
const REQUEST: Duration = Duration::from_secs(10);
/// What stands between the pictures.
const BOUNDARY: &str = "picture-follows";
/// Nothing but what the page itself has, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Body = Either<Full<Bytes>, Channel<Bytes, Infallible>>;

/// Serves the page until interrupted.
pub(super) async fn run(
    url: &str,
    config: ClientConfig,
    address: SocketAddr,
) -> Result<ExitCode, Problem> {
    let failure = |error: std::io::Error| Problem::Failure(format!("{address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(failure)?;
    let address = listener.local_addr().map_err(failure)?;
    let player = Player::start(url, config);
    println!("http://{address}/");
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut interruption = std::pin::pin!(interrupted());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut interruption => break,
        };
        let (Ok((stream, _)), Ok(slot)) = (accepted, Arc::clone(&slots).try_acquire_owned()) else {
            continue;
        };
        let player = Arc::clone(&player);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&player), address));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(REQUEST)
                .serve_connection(TokioIo::new(stream), service);
            // A connection that breaks off is no more than that.
            let _ = connection.await;
            drop(slot);
        });
    }
    // The server is told.
    let _ = player.act(Action::Stop).await;
    Ok(ExitCode::SUCCESS)
}

async fn answer(
    request: Request<Incoming>,
    player: Arc<Player>,
    address: SocketAddr,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    if let Err(reason) = guard::check(&request, address) {
        return Ok(text(StatusCode::FORBIDDEN, "text/plain", reason));
    }
    let is_post = request.method() == Method::POST;
    if is_post {
        let Some(action) = path.strip_prefix("/action/").and_then(Action::named) else {
            return Ok(text(StatusCode::NOT_FOUND, "text/plain", "no such action"));
        };
        return Ok(match player.act(action).await {
            Ok(()) => text(StatusCode::OK, "text/plain", ""),
            Err(reason) => text(StatusCode::CONFLICT, "text/plain", &reason),
        });
    }
    if request.method() != Method::GET {
        return Ok(text(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            "GET or POST",
        ));
    }
    Ok(match path {
        "/" => text(
            StatusCode::OK,
            "text/html; charset=utf-8",
            include_str!("web/page.html"),
        ),
        "/page.css" => text(
            StatusCode::OK,
            "text/css; charset=utf-8",
            include_str!("web/page.css"),
        ),
        "/page.js" => text(
            StatusCode::OK,
            "text/javascript; charset=utf-8",
            include_str!("web/page.js"),
        ),
        "/events" => stream("text/event-stream", |sender| events(player, sender)),
        "/picture" => {
            let kind = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
            stream(&kind, |sender| pictures(player, sender))
        }
        _ => text(StatusCode::NOT_FOUND, "text/plain", "no such page"),
    })
}

/// Everything that happens, as server-sent events, what is known first.
async fn events(player: Arc<Player>, mut sender: Sender<Bytes, Infallible>) {
    let (known, mut news) = player.subscribe();
    for event in known {
        if sender.send_data(of_event(&event)).await.is_err() {
            return;
        }
    }
    loop {
        match news.recv().await {
            Ok(event) => {
                if sender.send_data(of_event(&event)).await.is_err() {
                    return;
                }
            }
            // A page that is too slow misses some.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn of_event(event: &str) -> Bytes {
    // JSON has no line ends of its own.
    Bytes::from(format!("data: {event}\n\n"))
}

/// The pictures, each in place of the one before; one that is too slow misses some.
async fn pictures(player: Arc<Player>, mut sender: Sender<Bytes, Infallible>) {
    let mut picture = player.picture();
    picture.mark_changed();
    let begin = format!("--{BOUNDARY}\r\n");
    if sender.send_data(begin.into()).await.is_err() {
        return;
    }
    while picture.changed().await.is_ok() {
        let Some(jpeg) = picture.borrow_and_update().clone() else {
            continue;
        };
        let head = format!(
            "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
            jpeg.len()
        );
        // With the boundary behind it, the picture is known to be whole.
        for part in [head.into(), jpeg, format!("\r\n--{BOUNDARY}\r\n").into()] {
            if sender.send_data(part).await.is_err() {
                return;
            }
        }
    }
}

fn text(status: StatusCode, kind: &str, text: &str) -> Response<Body> {
    let body = Either::Left(Full::from(text.to_owned()));
    with_headers(status, kind, body)
}

/// A response that goes on.
fn stream<F>(kind: &str, write: impl FnOnce(Sender<Bytes, Infallible>) -> F) -> Response<Body>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, body) = Channel::new(4);
    tokio::spawn(write(sender));
    with_headers(StatusCode::OK, kind, Either::Right(body))
}

fn with_headers(status: StatusCode, kind: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(CONTENT_TYPE, kind);
    }
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
