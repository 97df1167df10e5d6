//! RTSP sessions: whatever comes, every request gets one response, and everything ends.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc2326_rtsp::{
    Client, ClientConfig, ClientOutput, ConnectionId, Message, Method, Reply, Request, Server,
    ServerConfig, ServerEvent, ServerOutput, StatusCode,
};

/// Answers what the server asks: by turns with success and otherwise.
fn drain(server: &mut Server, now: Instant, turn: &mut u8) {
    while let Some(output) = server.poll_output() {
        match output {
            ServerOutput::Transmit { bytes, .. } => {
                Message::parse(bytes).expect("what is sent can be read");
            }
            ServerOutput::Event(ServerEvent::Request(request)) => {
                *turn = turn.wrapping_add(1);
                let code =
                    [StatusCode::OK, StatusCode::MOVED_TEMPORARILY][usize::from(*turn % 4 == 3)];
                let reply = Reply::new(code).presentation("rtsp://h/a");
                // Its connection may have been given up since.
                let _ = server.respond(now, request.id, &reply);
            }
            _ => {}
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let start = Instant::now();
    let mut now = start;
    let mut turn = 0;
    let mut count = 0;
    let mut server = Server::new(ServerConfig::default(), move || {
        count += 1;
        count
    });
    let mut client = Client::new(ClientConfig::default());
    for (n, piece) in data.split(|&byte| byte == 0).enumerate() {
        now += Duration::from_secs(piece.len() as u64 % 7);
        let connection = ConnectionId(u64::from(piece.len() % 5 == 4));
        server.handle_input(now, connection, piece);
        server.handle_timeout(now);
        drain(&mut server, now, &mut turn);
        let method = [Method::SETUP, Method::PLAY, Method::TEARDOWN, Method::PAUSE][n % 4];
        let _ = client.request(now, &Request::new(method, "rtsp://h/a"));
        client.handle_input(now, piece);
        client.handle_timeout(now);
        while let Some(output) = client.poll_output() {
            if let ClientOutput::Transmit(bytes) = output {
                Message::parse(bytes).expect("what is sent can be read");
            }
        }
    }
    while let Some(due) = server.next_timeout() {
        server.handle_timeout(due);
    }
    assert_eq!(server.session_count(), 0);
});
