//! The server's machine from outside: sessions, their states and ends, order, limits.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::time::Duration;
use std::time::Instant;

use proptest::prelude::*;
use rfc2326_rtsp::headers::Session;
use rfc2326_rtsp::{
    CommandError, ConnectionId, EndReason, HeaderName, Message, Method, Reply, Server,
    ServerConfig, ServerEvent, ServerOutput, ServerRequest, SessionKey, State, StatusCode, Target,
    WriteError,
};

const A: ConnectionId = ConnectionId(1);
const B: ConnectionId = ConnectionId(2);
const MOVIE: &str = "rtsp://h/movie";
const AUDIO: &str = "rtsp://h/movie/audio";
const VIDEO: &str = "rtsp://h/movie/video";
const TRANSPORT: &[(HeaderName, &str)] = &[(HeaderName::Transport, "RTP/AVP;unicast")];

/// A server and a clock.
struct Bench {
    server: Server,
    now: Instant,
    requests: Vec<ServerRequest>,
    replies: Vec<Message>,
    ended: Vec<(SessionKey, EndReason)>,
    closed: Vec<ConnectionId>,
    interleaved: Vec<(u8, usize)>,
}

impl Bench {
    fn new(set: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig::default();
        set(&mut config);
        let mut count = 0;
        let random = move || {
            count += 1;
            count
        };
        Self {
            server: Server::new(config, random),
            now: Instant::now(),
            requests: Vec::new(),
            replies: Vec::new(),
            ended: Vec::new(),
            closed: Vec::new(),
            interleaved: Vec::new(),
        }
    }

    fn input(&mut self, connection: ConnectionId, bytes: &str) {
        self.server
            .handle_input(self.now, connection, bytes.as_bytes());
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                ServerOutput::Transmit { bytes, .. } => {
                    self.replies.push(Message::parse(bytes).unwrap());
                }
                ServerOutput::Close(connection) => self.closed.push(connection),
                ServerOutput::Event(ServerEvent::Request(request)) => self.requests.push(*request),
                ServerOutput::Event(ServerEvent::Ended { session, reason }) => {
                    self.ended.push((session, reason));
                }
                ServerOutput::Event(ServerEvent::Interleaved { frame, .. }) => {
                    self.interleaved.push((frame.channel(), frame.data().len()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Sends a request with these further lines.
    fn request(&mut self, connection: ConnectionId, method: Method<'_>, uri: &str, lines: &str) {
        let text = format!("{method} {uri} RTSP/1.0\r\nCSeq: 7\r\n{lines}\r\n");
        self.input(connection, &text);
    }

    /// Answers the only request that waits.
    fn respond(&mut self, reply: &Reply<'_>) -> Option<SessionKey> {
        assert_eq!(self.requests.len(), 1);
        let id = self.requests.remove(0).id;
        let key = self.server.respond(self.now, id, reply).unwrap();
        self.drain();
        key
    }

    /// The status of the only reply.
    fn status(&mut self) -> u16 {
        self.reply().view().status().unwrap().code()
    }

    fn reply(&mut self) -> Message {
        assert_eq!(self.replies.len(), 1, "{:?}", self.requests);
        self.replies.remove(0)
    }

    /// The status of a request that the server refuses by itself, or that of its acceptance.
    fn outcome(&mut self, method: Method<'_>, uri: &str, session: &str) -> u16 {
        self.request(A, method, uri, &format!("Session: {session}\r\n"));
        if !self.requests.is_empty() {
            self.respond(&Reply::new(StatusCode::OK));
        }
        self.status()
    }

    /// A session with these streams, all of one presentation.
    fn set_up(&mut self, uris: &[&str]) -> (SessionKey, String) {
        let (first, others) = uris.split_first().unwrap();
        self.request(A, Method::SETUP, first, "Transport: RTP/AVP;unicast\r\n");
        let reply = Reply::new(StatusCode::OK)
            .headers(TRANSPORT)
            .presentation(MOVIE);
        let key = self.respond(&reply).unwrap();
        let reply = self.reply();
        let session: Session<'_> = reply.view().typed().unwrap();
        assert_eq!(session.timeout, Some(60));
        let id = session.id.to_owned();
        assert_eq!(self.server.session_id(key), Some(&*id));
        for uri in others {
            assert_eq!(self.outcome(Method::SETUP, uri, &id), 200);
        }
        (key, id)
    }

    fn states(&self, key: SessionKey) -> Vec<State> {
        (0..)
            .map_while(|stream| self.server.state(key, stream))
            .collect()
    }
}

fn bench() -> Bench {
    Bench::new(|_| {})
}

#[test]
fn a_session_from_setup_to_teardown() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO, VIDEO]);
    assert!(id.len() >= 8, "RFC 2326 §3.4");
    assert_eq!(bench.states(key), [State::Ready; 2]);
    for (method, state) in [
        (Method::PLAY, State::Playing),
        (Method::PLAY, State::Playing),
        (Method::PAUSE, State::Ready),
        (Method::PLAY, State::Playing),
    ] {
        assert_eq!(bench.outcome(method, MOVIE, &id), 200);
        assert_eq!(bench.states(key), [state; 2], "{method}");
    }
    assert_eq!(bench.outcome(Method::TEARDOWN, MOVIE, &id), 200);
    assert_eq!(bench.ended, [(key, EndReason::TornDown)]);
    assert_eq!(bench.server.session_count(), 0);
    assert_eq!(bench.server.next_timeout(), None);
}

/// Every state and every method over the wire: allowed ones succeed, others get 455 with Allow.
#[test]
fn every_state_and_method() {
    let record = |config: &mut ServerConfig| {
        config.methods = &[
            Method::SETUP,
            Method::PLAY,
            Method::PAUSE,
            Method::RECORD,
            Method::TEARDOWN,
            Method::GET_PARAMETER,
        ];
    };
    for (way, state) in [
        (&[][..], State::Ready),
        (&[Method::PLAY], State::Playing),
        (&[Method::RECORD], State::Recording),
    ] {
        for (method, expected) in [
            (Method::SETUP, Some(state)),
            (
                Method::PLAY,
                (state != State::Recording).then_some(State::Playing),
            ),
            (
                Method::RECORD,
                (state != State::Playing).then_some(State::Recording),
            ),
            (
                Method::PAUSE,
                (state != State::Ready).then_some(State::Ready),
            ),
            (Method::GET_PARAMETER, Some(state)),
            (Method::TEARDOWN, None),
        ] {
            let mut bench = Bench::new(record);
            let (key, id) = bench.set_up(&[AUDIO]);
            for method in way {
                bench.outcome(*method, AUDIO, &id);
            }
            assert_eq!(bench.server.state(key, 0), Some(state));
            bench.request(A, method, AUDIO, &format!("Session: {id}\r\n"));
            if !bench.requests.is_empty() {
                bench.respond(&Reply::new(StatusCode::OK));
            }
            let reply = bench.reply();
            let status = reply.view().status().unwrap().code();
            match (method, expected) {
                (Method::TEARDOWN, _) => {
                    assert_eq!((status, bench.server.state(key, 0)), (200, None));
                }
                (_, Some(after)) => {
                    assert_eq!((status, bench.server.state(key, 0)), (200, Some(after)));
                }
                (_, None) => {
                    assert_eq!((status, bench.server.state(key, 0)), (455, Some(state)));
                    let allow = reply.view().first(HeaderName::Allow).unwrap();
                    let allow = allow.value_str().unwrap();
                    assert!(!allow.split(", ").any(|name| name == method.as_str()));
                }
            }
        }
    }
}

#[test]
fn play_before_setup() {
    let mut bench = bench();
    bench.request(A, Method::PLAY, MOVIE, "");
    let reply = bench.reply();
    assert_eq!(
        reply.view().status(),
        Some(StatusCode::METHOD_NOT_VALID_IN_THIS_STATE)
    );
    let allow = reply.view().first(HeaderName::Allow).unwrap();
    assert_eq!(allow.value(), b"SETUP, TEARDOWN");
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, "0123456789"), 454);
}

#[test]
fn teardown_twice() {
    let mut bench = bench();
    let (_, id) = bench.set_up(&[AUDIO]);
    assert_eq!(bench.outcome(Method::TEARDOWN, MOVIE, &id), 200);
    assert_eq!(bench.outcome(Method::TEARDOWN, MOVIE, &id), 454);
    bench.request(A, Method::TEARDOWN, MOVIE, "");
    assert_eq!(bench.status(), 454);
}

#[test]
fn a_session_replayed_from_another_connection() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO]);
    let line = format!("Session: {id}\r\n");
    for method in [
        Method::PLAY,
        Method::TEARDOWN,
        Method::GET_PARAMETER,
        Method::SETUP,
    ] {
        bench.request(B, method, AUDIO, &line);
        assert_eq!(bench.status(), 454, "{method}");
    }
    assert_eq!(bench.server.state(key, 0), Some(State::Ready));
    // Where the application authenticates, it is asked.
    let mut bench = Bench::new(|config| config.bind_sessions = false);
    let (key, id) = bench.set_up(&[AUDIO]);
    bench.request(B, Method::PLAY, AUDIO, &format!("Session: {id}\r\n"));
    assert_eq!(bench.requests[0].session, Some(key));
    bench.server.handle_disconnect(A);
    bench.drain();
    assert_eq!(bench.ended, []);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO]);
    let request = |method: &str, number: u8| {
        format!("{method} {MOVIE} RTSP/1.0\r\nCSeq: {number}\r\nSession: {id}\r\n\r\n")
    };
    let all = [
        request("PLAY", 1),
        request("OPTIONS", 2),
        request("PAUSE", 3),
    ]
    .concat();
    bench.input(A, &all);
    assert!(bench.replies.is_empty(), "OPTIONS waits for PLAY");
    assert_eq!(
        bench.requests[0].message.view().method(),
        Some(Method::PLAY)
    );
    bench.respond(&Reply::new(StatusCode::OK));
    // PAUSE is for the state that PLAY has made.
    assert_eq!(bench.server.state(key, 0), Some(State::Playing));
    assert_eq!(
        bench.requests[0].message.view().method(),
        Some(Method::PAUSE)
    );
    bench.respond(&Reply::new(StatusCode::OK));
    let numbers = bench
        .replies
        .iter()
        .map(|reply| reply.view().cseq().unwrap());
    let numbers: Vec<_> = numbers.map(|cseq| cseq.sequence_number).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn too_many_pipelined_requests_end_the_connection() {
    let mut bench = bench();
    let (key, _) = bench.set_up(&[AUDIO]);
    let describe = format!("DESCRIBE {MOVIE} RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    bench.input(A, &describe.repeat(33));
    assert_eq!((bench.closed.len(), bench.requests.len()), (0, 1));
    bench.input(A, &describe);
    assert_eq!(bench.closed, [A]);
    assert_eq!(bench.ended, [(key, EndReason::Disconnected)]);
    let id = bench.requests.remove(0).id;
    let late = bench
        .server
        .respond(bench.now, id, &Reply::new(StatusCode::OK));
    assert_eq!(late, Err(CommandError::UnknownRequest));
}

#[test]
fn requests_byte_by_byte() {
    let mut bench = bench();
    let text = format!(
        "\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nDESCRIBE {MOVIE} RTSP/1.0\r\nCSeq: 2\r\n\r\n"
    );
    for byte in text.bytes() {
        bench.input(A, core::str::from_utf8(&[byte]).unwrap());
    }
    let public = bench.reply();
    let public = public.view().first(HeaderName::Public).unwrap().value_str();
    assert!(public.unwrap().contains("DESCRIBE, SETUP, PLAY"));
    assert_eq!(bench.requests.len(), 1);
    bench.respond(&Reply::new(StatusCode::OK).body("application/sdp", b"v=0\r\n"));
    assert_eq!(bench.reply().view().body(), b"v=0\r\n");
}

#[test]
fn frames_between_a_request_and_its_reply() {
    let mut bench = bench();
    bench.input(
        A,
        &format!("DESCRIBE {MOVIE} RTSP/1.0\r\nCSeq: 1\r\n\r\n$\x00\x00\x01x$\x05\x00\x00"),
    );
    assert_eq!(bench.interleaved, [(0, 1), (5, 0)]);
    assert_eq!(bench.requests.len(), 1);
}

#[test]
fn what_no_server_does_is_refused_by_itself() {
    for (text, status) in [
        ("OPTIONS * RTSP/1.1\r\nCSeq: 1\r\n\r\n", 505),
        ("OPTIONS * RTSP/1.0\r\n\r\n", 400),
        ("OPTIONS * RTSP/1.0\r\nCSeq: x\r\n\r\n", 400),
        ("DANCE * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501),
        ("RECORD rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501),
        ("REDIRECT rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501),
        (
            "SETUP rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nRequire: funky\r\n\r\n",
            551,
        ),
        (
            "SETUP rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nProxy-Require: funky\r\n\r\n",
            551,
        ),
        (
            "PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nSession: ;\r\n\r\n",
            454,
        ),
        ("GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 200),
    ] {
        let mut bench = bench();
        bench.input(A, text);
        let reply = bench.reply();
        assert_eq!(reply.view().status().unwrap().code(), status, "{text}");
        assert!(bench.requests.is_empty() && bench.closed.is_empty());
        if status == 551 {
            let unsupported = reply.view().first(HeaderName::Unsupported).unwrap();
            assert_eq!(unsupported.value(), b"funky");
        }
        if status == 501 {
            assert!(reply.view().first(HeaderName::Public).is_some());
        }
    }
}

#[test]
fn what_is_no_message_ends_the_connection() {
    for text in [
        "what is this\r\n\r\n",
        "SETUP rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut bench = bench();
        let (key, _) = bench.set_up(&[AUDIO]);
        bench.input(A, text);
        assert_eq!(bench.status(), 400);
        assert_eq!(bench.closed, [A]);
        assert_eq!(bench.ended, [(key, EndReason::Disconnected)]);
    }
}

#[test]
fn nothing_goes_before_a_response_that_is_owed() {
    let mut bench = bench();
    bench.request(A, Method::SETUP, AUDIO, "");
    bench.input(A, "what is this\r\n\r\n");
    assert_eq!((bench.replies.len(), &bench.closed[..]), (0, &[A][..]));
}

#[test]
fn refused_requests_change_nothing() {
    let mut bench = bench();
    bench.request(A, Method::SETUP, AUDIO, "");
    let challenge = [(
        HeaderName::WwwAuthenticate,
        "Digest realm=\"r\", nonce=\"n\"",
    )];
    let unauthorized = Reply::new(StatusCode::UNAUTHORIZED).headers(&challenge);
    assert_eq!(bench.respond(&unauthorized), None);
    assert_eq!(bench.reply().view().first(HeaderName::Session), None);
    assert_eq!(
        (bench.server.session_count(), bench.server.next_timeout()),
        (0, None)
    );

    let (key, id) = bench.set_up(&[AUDIO]);
    let expires = bench.server.next_timeout();
    bench.now += Duration::from_secs(5);
    for method in [Method::PLAY, Method::TEARDOWN] {
        bench.request(A, method, MOVIE, &format!("Session: {id}\r\n"));
        bench.respond(&unauthorized);
        assert_eq!(bench.status(), 401);
    }
    assert_eq!(bench.server.state(key, 0), Some(State::Ready));
    assert_eq!(bench.server.next_timeout(), expires);
}

#[test]
fn a_silent_session_times_out() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO]);
    for _ in 0..3 {
        bench.now += Duration::from_secs(59);
        bench.server.handle_timeout(bench.now);
        assert_eq!(bench.outcome(Method::GET_PARAMETER, MOVIE, &id), 200);
    }
    bench.now += Duration::from_secs(59);
    bench.server.keep_alive(bench.now, key).unwrap();
    let expires = bench.server.next_timeout().unwrap();
    assert_eq!(expires, bench.now + Duration::from_secs(60));
    bench
        .server
        .handle_timeout(expires - Duration::from_millis(1));
    bench.drain();
    assert_eq!(bench.ended, []);
    bench.server.handle_timeout(expires);
    bench.drain();
    assert_eq!(bench.ended, [(key, EndReason::TimedOut)]);
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, &id), 454);
    assert_eq!(
        bench.server.keep_alive(expires, key),
        Err(CommandError::UnknownSession)
    );
}

#[test]
fn a_session_that_ends_while_a_request_waits() {
    let mut bench = bench();
    let (_, id) = bench.set_up(&[AUDIO]);
    bench.request(A, Method::PLAY, MOVIE, &format!("Session: {id}\r\n"));
    bench.now += Duration::from_secs(60);
    bench.server.handle_timeout(bench.now);
    bench.drain();
    assert_eq!(bench.respond(&Reply::new(StatusCode::OK)), None);
    assert_eq!(bench.status(), 454);
}

#[test]
fn streams_are_controlled_one_by_one() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO, VIDEO]);
    assert_eq!(bench.outcome(Method::PLAY, VIDEO, &id), 200);
    assert_eq!(bench.states(key), [State::Ready, State::Playing]);
    // Not for both.
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 455);
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, &id), 200);
    assert_eq!(bench.outcome(Method::TEARDOWN, AUDIO, &id), 200);
    assert_eq!(bench.states(key), [State::Init, State::Playing]);
    // What was torn down no longer counts.
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 200);
    assert_eq!(bench.states(key), [State::Init, State::Ready]);
    assert_eq!(bench.outcome(Method::SETUP, AUDIO, &id), 200);
    assert_eq!(bench.states(key), [State::Ready; 2]);
    for uri in [AUDIO, VIDEO] {
        assert_eq!(bench.ended, []);
        assert_eq!(bench.outcome(Method::TEARDOWN, uri, &id), 200);
    }
    assert_eq!(bench.ended, [(key, EndReason::TornDown)]);
}

#[test]
fn what_a_request_is_about() {
    let mut bench = bench();
    let (_, id) = bench.set_up(&[AUDIO, VIDEO]);
    let line = format!("Session: {id}\r\n");
    for (uri, target) in [
        (MOVIE, Target::Presentation),
        ("rtsp://h/movie/", Target::Presentation),
        (AUDIO, Target::Stream(0)),
        ("rtsp://h/movie/video/", Target::Stream(1)),
    ] {
        bench.request(A, Method::PLAY, uri, &line);
        assert_eq!(bench.requests[0].target, target);
        bench.respond(&Reply::new(StatusCode::NOT_FOUND));
        bench.reply();
    }
    assert_eq!(bench.outcome(Method::PLAY, "rtsp://h/other", &id), 404);
    assert_eq!(bench.outcome(Method::SETUP, MOVIE, &id), 459);
}

/// rtspsrc pauses at the end of a stream, as the server does by itself.
#[test]
fn a_pause_that_crosses_the_end_is_no_error() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO, VIDEO]);
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 455);
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, &id), 200);
    bench.server.finish(key, Target::Presentation).unwrap();
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 200);
    assert_eq!(bench.states(key), [State::Ready; 2]);
    // Who plays again and pauses is paused once.
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, &id), 200);
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 200);
    assert_eq!(bench.outcome(Method::PAUSE, MOVIE, &id), 455);
}

#[test]
fn a_pause_point_and_the_end_of_a_range() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO, VIDEO]);
    bench.outcome(Method::PLAY, MOVIE, &id);
    bench.request(
        A,
        Method::PAUSE,
        MOVIE,
        &format!("Session: {id}\r\nRange: npt=10-\r\n"),
    );
    bench.respond(&Reply::new(StatusCode::OK));
    assert_eq!(bench.status(), 200);
    assert_eq!(
        bench.states(key),
        [State::Playing; 2],
        "until it is reached"
    );
    bench.server.finish(key, Target::Stream(0)).unwrap();
    assert_eq!(bench.states(key), [State::Ready, State::Playing]);
    bench.server.finish(key, Target::Presentation).unwrap();
    assert_eq!(bench.states(key), [State::Ready; 2]);
    let unknown = bench.server.finish(key, Target::Stream(2));
    assert_eq!(unknown, Err(CommandError::UnknownSession));
}

#[test]
fn a_redirected_session_is_in_init() {
    let mut bench = bench();
    let (key, id) = bench.set_up(&[AUDIO, VIDEO]);
    bench.outcome(Method::PLAY, MOVIE, &id);
    bench
        .server
        .redirect(key, MOVIE, "rtsp://elsewhere/movie")
        .unwrap();
    bench.drain();
    let redirect = bench.reply();
    assert_eq!(redirect.view().method(), Some(Method::REDIRECT));
    let location = redirect.view().first(HeaderName::Location).unwrap();
    assert_eq!(location.value(), b"rtsp://elsewhere/movie");
    assert_eq!(bench.states(key), [State::Init; 2]);
    // Its response changes nothing.
    bench.input(A, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert_eq!(bench.outcome(Method::PLAY, MOVIE, &id), 455);
    assert_eq!(bench.outcome(Method::TEARDOWN, MOVIE, &id), 200);
    assert_eq!(bench.ended, [(key, EndReason::TornDown)]);

    let (key, id) = bench.set_up(&[AUDIO]);
    bench.request(A, Method::PLAY, AUDIO, &format!("Session: {id}\r\n"));
    bench.respond(&Reply::new(StatusCode::MOVED_TEMPORARILY));
    assert_eq!(bench.states(key), [State::Init]);
}

#[test]
fn continue_is_not_the_answer() {
    let mut bench = bench();
    bench.request(A, Method::SETUP, AUDIO, "");
    let id = bench.requests[0].id;
    let continued = bench
        .server
        .respond(bench.now, id, &Reply::new(StatusCode::CONTINUE));
    assert_eq!(continued, Ok(None));
    bench.drain();
    assert_eq!(bench.status(), 100);
    assert!(bench.respond(&Reply::new(StatusCode::OK)).is_some());
}

#[test]
fn a_reply_that_cannot_be_written_can_be_given_again() {
    let mut bench = bench();
    bench.request(A, Method::SETUP, AUDIO, "");
    let id = bench.requests[0].id;
    let broken = [(HeaderName::Transport, "a\r\nb")];
    let broken = Reply::new(StatusCode::OK).headers(&broken);
    let error = bench.server.respond(bench.now, id, &broken).unwrap_err();
    assert_eq!(error, CommandError::Write(WriteError::ControlCharacter));
    assert_eq!(bench.server.session_count(), 0);
    assert!(bench.respond(&Reply::new(StatusCode::OK)).is_some());
}

#[test]
fn sessions_and_streams_are_limited() {
    let mut bench = Bench::new(|config| {
        config.sessions = 1;
        config.streams = 2;
    });
    let (_, id) = bench.set_up(&[AUDIO, VIDEO]);
    assert_eq!(
        bench.outcome(Method::SETUP, "rtsp://h/movie/text", &id),
        503
    );
    bench.request(B, Method::SETUP, AUDIO, "");
    assert_eq!(bench.status(), 503);
}

proptest! {
    /// Whatever comes in whatever order, everything that waits can be answered and everything
    /// ends.
    #[test]
    fn anything_ends(steps in proptest::collection::vec((0..9_usize, 0..4_usize, any::<bool>(), 0..80_u64), 0..60)) {
        let mut bench = bench();
        let methods = [
            Method::SETUP, Method::PLAY, Method::PAUSE, Method::TEARDOWN, Method::RECORD,
            Method::GET_PARAMETER, Method::OPTIONS, Method::DESCRIBE, Method::SET_PARAMETER,
        ];
        for (method, uri, accept, seconds) in steps {
            bench.now += Duration::from_secs(seconds);
            bench.server.handle_timeout(bench.now);
            let uri = [MOVIE, AUDIO, VIDEO, "*"][uri];
            let session = if accept { "Session: 00000000000000000000000000000001\r\n" } else { "" };
            bench.request(A, methods[method], uri, session);
            if !bench.requests.is_empty() {
                let code = if accept { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
                bench.respond(&Reply::new(code).presentation(MOVIE));
            }
            prop_assert_eq!(bench.replies.len(), 1, "one response each");
            bench.replies.clear();
        }
        while let Some(due) = bench.server.next_timeout() {
            bench.server.handle_timeout(due);
        }
        prop_assert_eq!(bench.server.session_count(), 0);
    }
}
