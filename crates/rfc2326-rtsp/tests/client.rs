//! The client's machine from outside: alone against written responses, and with the server's.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::time::Duration;
use std::time::Instant;

use proptest::prelude::*;
use rfc2326_rtsp::{
    Client, ClientConfig, ClientEndReason, ClientEvent, ClientOutput, ConnectionId, HeaderName,
    Message, Method, Reply, Request, RequestError, Server, ServerConfig, ServerEvent, ServerOutput,
    State, StatusCode, WriteError,
};

const MOVIE: &str = "rtsp://h/movie/";
const AUDIO: &str = "rtsp://h/movie/audio";
const VIDEO: &str = "rtsp://h/movie/video";

struct Bench {
    client: Client,
    now: Instant,
    sent: Vec<Message>,
    responses: Vec<(u32, u16)>,
    redirected: Vec<Option<String>>,
    ended: Vec<ClientEndReason>,
    interleaved: usize,
    closed: bool,
}

impl Bench {
    fn new() -> Self {
        Self {
            client: Client::new(ClientConfig::default()),
            now: Instant::now(),
            sent: Vec::new(),
            responses: Vec::new(),
            redirected: Vec::new(),
            ended: Vec::new(),
            interleaved: 0,
            closed: false,
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                ClientOutput::Transmit(bytes) => self.sent.push(Message::parse(bytes).unwrap()),
                ClientOutput::Close => self.closed = true,
                ClientOutput::Event(ClientEvent::Response { request, message }) => {
                    self.responses
                        .push((request, message.view().status().unwrap().code()));
                }
                ClientOutput::Event(ClientEvent::Redirected { location, .. }) => {
                    self.redirected.push(location);
                }
                ClientOutput::Event(ClientEvent::Ended(reason)) => self.ended.push(reason),
                ClientOutput::Event(ClientEvent::Interleaved(_)) => self.interleaved += 1,
                other => panic!("{other:?}"),
            }
        }
    }

    fn input(&mut self, text: &str) {
        self.client.handle_input(self.now, text.as_bytes());
        self.drain();
    }

    fn send(&mut self, request: &Request<'_>) -> Result<u32, RequestError> {
        let number = self.client.request(self.now, request);
        self.drain();
        number
    }

    fn request(&mut self, method: Method<'_>, uri: &str) -> Result<u32, RequestError> {
        self.send(&Request::new(method, uri))
    }

    fn respond(&mut self, number: u32, code: u16, lines: &str) {
        self.input(&format!(
            "RTSP/1.0 {code} x\r\nCSeq: {number}\r\n{lines}\r\n"
        ));
    }

    /// Sends a request that is answered with this status.
    fn exchange(&mut self, method: Method<'_>, uri: &str, code: u16) {
        let number = self.request(method, uri).unwrap();
        self.respond(number, code, "Session: abcdefgh;timeout=20\r\n");
        assert_eq!(self.responses.pop(), Some((number, code)));
    }

    fn states(&self) -> [State; 2] {
        [self.client.state(AUDIO), self.client.state(VIDEO)]
    }
}

/// A client with two streams set up.
fn ready() -> Bench {
    let mut bench = Bench::new();
    bench.exchange(Method::SETUP, AUDIO, 200);
    bench.exchange(Method::SETUP, VIDEO, 200);
    assert_eq!(bench.states(), [State::Ready; 2]);
    bench
}

#[test]
fn a_session_from_describe_to_teardown() {
    let mut bench = Bench::new();
    bench.exchange(Method::DESCRIBE, MOVIE, 200);
    assert_eq!(bench.client.session_id(), None);
    bench.exchange(Method::SETUP, AUDIO, 200);
    bench.exchange(Method::SETUP, VIDEO, 200);
    assert_eq!(bench.client.session_id(), Some("abcdefgh"));
    for (method, state) in [
        (Method::PLAY, State::Playing),
        (Method::PLAY, State::Playing),
        (Method::PAUSE, State::Ready),
        (Method::RECORD, State::Recording),
        (Method::PAUSE, State::Ready),
    ] {
        bench.exchange(method, MOVIE, 200);
        assert_eq!(bench.states(), [state; 2], "{method}");
    }
    bench.exchange(Method::TEARDOWN, MOVIE, 200);
    assert_eq!(bench.ended, [ClientEndReason::TornDown]);
    assert_eq!(
        (bench.client.session_id(), bench.states()),
        (None, [State::Init; 2])
    );
    assert_eq!(bench.client.next_timeout(), None);
    // Numbers rise by one; the session is named once there is one.
    for (message, number) in bench.sent.iter().zip(1..) {
        assert_eq!(message.view().cseq().unwrap().sequence_number, number);
        let session = message
            .view()
            .first(HeaderName::Session)
            .map(|field| field.value());
        assert_eq!(
            session,
            (number > 2).then_some(&b"abcdefgh"[..]),
            "{number}"
        );
    }
}

/// Every state and every method: what §A.1 does not list is not sent.
#[test]
fn every_state_and_method() {
    use State::{Init, Playing, Ready, Recording};
    for (way, state) in [
        (&[][..], Init),
        (&[Method::SETUP], Ready),
        (&[Method::SETUP, Method::PLAY], Playing),
        (&[Method::SETUP, Method::RECORD], Recording),
    ] {
        for (method, allowed, after) in [
            (Method::SETUP, &[Init, Ready, Playing, Recording][..], None),
            (Method::PLAY, &[Ready, Playing], Some(Playing)),
            (Method::RECORD, &[Ready, Recording], Some(Recording)),
            (Method::PAUSE, &[Playing, Recording], Some(Ready)),
            (
                Method::TEARDOWN,
                &[Init, Ready, Playing, Recording],
                Some(Init),
            ),
            (
                Method::GET_PARAMETER,
                &[Init, Ready, Playing, Recording],
                Some(state),
            ),
            (
                Method::OPTIONS,
                &[Init, Ready, Playing, Recording],
                Some(state),
            ),
        ] {
            for code in [200, 302, 404, 500] {
                let mut bench = Bench::new();
                for method in way {
                    bench.exchange(*method, AUDIO, 200);
                }
                if !allowed.contains(&state) {
                    let error = bench.request(method, AUDIO).unwrap_err();
                    assert_eq!(error, RequestError::NotInState(state), "{method}");
                    assert_eq!(bench.sent.len(), way.len(), "nothing was sent");
                    continue;
                }
                bench.exchange(method, AUDIO, code);
                let changes = !matches!(method, Method::GET_PARAMETER | Method::OPTIONS);
                let expected = match code {
                    // A changed transport leaves Playing and Recording as they are.
                    200 => after.unwrap_or(if state == Init { Ready } else { state }),
                    302 if changes => Init,
                    _ => state,
                };
                assert_eq!(
                    bench.client.state(AUDIO),
                    expected,
                    "{state:?} {method} {code}"
                );
            }
        }
    }
}

#[test]
fn play_waits_for_setup_and_follows_play() {
    let mut bench = Bench::new();
    let setup = bench.request(Method::SETUP, AUDIO).unwrap();
    assert_eq!(
        bench.request(Method::PLAY, AUDIO),
        Err(RequestError::Outstanding)
    );
    assert_eq!(
        bench.request(Method::SETUP, VIDEO),
        Err(RequestError::Outstanding)
    );
    bench.request(Method::OPTIONS, "*").unwrap();
    bench.respond(setup, 200, "Session: abcdefgh\r\n");
    let first = bench.request(Method::PLAY, MOVIE).unwrap();
    let second = bench.request(Method::PLAY, MOVIE).unwrap();
    assert_eq!(
        bench.request(Method::PAUSE, MOVIE),
        Err(RequestError::Outstanding)
    );
    bench.respond(first, 200, "");
    bench.respond(second, 200, "");
    assert_eq!(bench.client.state(AUDIO), State::Playing);
}

#[test]
fn rtp_before_the_play_reply() {
    let mut bench = ready();
    let play = bench.request(Method::PLAY, MOVIE).unwrap();
    bench.input("$\x00\x00\x02ab");
    assert_eq!(
        (bench.interleaved, bench.client.state(AUDIO)),
        (1, State::Ready)
    );
    bench.input(&format!(
        "$\x01\x00\x00RTSP/1.0 200 OK\r\nCSeq: {play}\r\n\r\n$\x00\x00\x01c"
    ));
    assert_eq!(
        (bench.interleaved, bench.client.state(AUDIO)),
        (3, State::Playing)
    );
}

#[test]
fn streams_one_by_one_and_to_the_end_of_the_range() {
    let mut bench = ready();
    bench.exchange(Method::PLAY, AUDIO, 200);
    assert_eq!(bench.states(), [State::Playing, State::Ready]);
    assert_eq!(
        bench.request(Method::PAUSE, MOVIE),
        Err(RequestError::NotInState(State::Ready))
    );
    bench.exchange(Method::PLAY, MOVIE, 200);
    let range = [(HeaderName::Range, "npt=10-")];
    let pause = bench
        .send(&Request::new(Method::PAUSE, MOVIE).headers(&range))
        .unwrap();
    bench.respond(pause, 200, "");
    assert_eq!(bench.states(), [State::Playing; 2], "until the pause point");
    bench.client.finish(Some(AUDIO)).unwrap();
    assert_eq!(bench.states(), [State::Ready, State::Playing]);
    bench.client.finish(None).unwrap();
    assert_eq!(bench.states(), [State::Ready; 2]);
    let unknown = bench.client.finish(Some("rtsp://h/other"));
    assert_eq!(unknown, Err(RequestError::UnknownStream));
    bench.exchange(Method::TEARDOWN, AUDIO, 200);
    assert_eq!(bench.ended, []);
    bench.exchange(Method::PLAY, MOVIE, 200);
    assert_eq!(bench.states(), [State::Init, State::Playing]);
}

#[test]
fn a_session_is_kept_alive() {
    let mut bench = ready();
    bench.sent.clear();
    for (method, seconds) in [
        (Method::GET_PARAMETER, 10),
        // A server that does not know it is asked otherwise at once.
        (Method::OPTIONS, 0),
        (Method::OPTIONS, 10),
    ] {
        let due = bench.client.next_timeout().unwrap();
        let expected = bench.now + Duration::from_secs(seconds);
        assert_eq!(due, expected, "half of 20 seconds");
        bench.client.handle_timeout(due - Duration::from_millis(1));
        bench.drain();
        assert!(bench.sent.is_empty());
        bench.now = due;
        bench.client.handle_timeout(due);
        bench.drain();
        let sent = bench.sent.remove(0);
        assert_eq!(sent.view().method(), Some(method));
        assert_eq!(
            sent.view().first(HeaderName::Session).unwrap().value(),
            b"abcdefgh"
        );
        bench.respond(sent.view().cseq().unwrap().sequence_number, 501, "");
    }
    assert_eq!(bench.responses, [], "it is not the application's request");
}

#[test]
fn a_session_that_the_server_has_forgotten() {
    let mut bench = ready();
    bench.exchange(Method::PLAY, MOVIE, 454);
    assert_eq!(bench.ended, [ClientEndReason::NotFound]);
    assert_eq!(bench.states(), [State::Init; 2]);
    // And from the beginning, without the old identifier.
    bench.exchange(Method::SETUP, AUDIO, 200);
    assert_eq!(
        bench.sent.last().unwrap().view().first(HeaderName::Session),
        None
    );
}

#[test]
fn a_redirect_is_answered_and_the_session_torn_down() {
    let mut bench = ready();
    bench.exchange(Method::PLAY, MOVIE, 200);
    bench.sent.clear();
    bench.input("REDIRECT rtsp://h/movie/ RTSP/1.0\r\nCSeq: 732\r\nLocation: rtsp://g/\r\n\r\n");
    assert_eq!(bench.redirected, [Some("rtsp://g/".into())]);
    assert_eq!(bench.states(), [State::Init; 2]);
    let [answer, teardown] = &bench.sent[..] else {
        panic!("{:?}", bench.sent);
    };
    assert_eq!(answer.view().status(), Some(StatusCode::OK));
    assert_eq!(answer.view().cseq().unwrap().sequence_number, 732);
    assert_eq!(teardown.view().method(), Some(Method::TEARDOWN));
    assert_eq!(
        teardown.view().first(HeaderName::Session).unwrap().value(),
        b"abcdefgh"
    );
    let number = teardown.view().cseq().unwrap().sequence_number;
    bench.respond(number, 200, "");
    assert_eq!(
        (&bench.ended[..], bench.client.session_id()),
        (&[ClientEndReason::Redirected][..], None)
    );

    let mut bench = ready();
    bench.input("REDIRECT rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nRange: clock=19960213T143205Z-\r\n\r\n");
    assert_eq!(bench.redirected, [None]);
    assert_eq!(
        bench.states(),
        [State::Ready; 2],
        "until the application leaves"
    );
}

#[test]
fn other_requests_of_the_server() {
    for (text, status) in [
        ("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 200),
        ("GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 200),
        ("ANNOUNCE rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501),
        ("REDIRECT rtsp://h/ RTSP/1.0\r\n\r\n", 400),
    ] {
        let mut bench = ready();
        bench.sent.clear();
        bench.input(text);
        assert_eq!(
            bench.sent[0].view().status().unwrap().code(),
            status,
            "{text}"
        );
        assert_eq!((bench.states(), bench.sent.len()), ([State::Ready; 2], 1));
    }
}

#[test]
fn a_server_that_does_not_answer() {
    let mut bench = ready();
    let play = bench.request(Method::PLAY, MOVIE).unwrap();
    bench.now += Duration::from_secs(9);
    bench.respond(play, 100, "");
    assert_eq!(bench.responses, [(play, 100)]);
    let due = bench.client.next_timeout().unwrap();
    assert_eq!(due, bench.now + Duration::from_secs(1), "keep-alive");
    bench.now += Duration::from_secs(10);
    bench.client.handle_timeout(bench.now);
    bench.drain();
    assert!(bench.closed);
    assert_eq!(bench.ended, [ClientEndReason::NoResponse]);
    assert_eq!(
        bench.request(Method::PLAY, MOVIE),
        Err(RequestError::Closed)
    );
    assert_eq!(bench.client.next_timeout(), None);
}

#[test]
fn what_is_no_message_and_a_connection_that_goes() {
    let mut bench = ready();
    bench.input("what is this\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert!(bench.closed);
    assert_eq!(bench.ended, [ClientEndReason::Malformed]);
    bench.client.handle_disconnect();
    bench.drain();
    assert_eq!(bench.ended.len(), 1, "it ends once");
    let mut bench = ready();
    bench.client.handle_disconnect();
    bench.drain();
    assert_eq!(
        (&bench.ended[..], bench.closed),
        (&[ClientEndReason::Disconnected][..], false)
    );
}

#[test]
fn responses_to_nothing_and_without_session() {
    let mut bench = Bench::new();
    let setup = bench.request(Method::SETUP, AUDIO).unwrap();
    bench.respond(99, 200, "Session: evil\r\n");
    bench.input("RTSP/1.0 200 OK\r\nSession: evil\r\n\r\n");
    assert_eq!(
        (bench.client.session_id(), &bench.responses[..]),
        (None, &[][..])
    );
    bench.respond(setup, 200, "");
    assert_eq!(bench.responses, [(setup, 200)]);
    assert_eq!(
        bench.client.state(AUDIO),
        State::Init,
        "nothing can be controlled"
    );
    bench.respond(setup, 200, "Session: evil\r\n");
    assert_eq!(bench.client.session_id(), None, "answered once");
}

#[test]
fn requests_that_cannot_be_sent() {
    let mut bench = Bench::new();
    let broken = [(HeaderName::Transport, "a\r\nb")];
    let error = bench.send(&Request::new(Method::SETUP, AUDIO).headers(&broken));
    assert_eq!(
        error,
        Err(RequestError::Write(WriteError::ControlCharacter))
    );
    for _ in 0..16 {
        bench.request(Method::OPTIONS, "*").unwrap();
    }
    assert_eq!(
        bench.request(Method::OPTIONS, "*"),
        Err(RequestError::TooMany)
    );
    assert_eq!(bench.sent[0].view().cseq().unwrap().sequence_number, 1);
}

/// Both machines: what one sends the other understands, and their states agree.
struct Pair {
    bench: Bench,
    server: Server,
    session: Option<rfc2326_rtsp::SessionKey>,
}

impl Pair {
    fn new() -> Self {
        let mut config = ServerConfig::default();
        config.methods = &[
            Method::OPTIONS,
            Method::SETUP,
            Method::PLAY,
            Method::RECORD,
            Method::PAUSE,
            Method::TEARDOWN,
        ];
        let mut count = 0;
        let random = move || {
            count += 1;
            count
        };
        Self {
            bench: Bench::new(),
            server: Server::new(config, random),
            session: None,
        }
    }

    /// Carries everything to and fro until nothing moves.
    fn settle(&mut self) {
        let connection = ConnectionId(0);
        loop {
            let sent = core::mem::take(&mut self.bench.sent);
            if sent.is_empty() {
                return;
            }
            for message in sent {
                self.server
                    .handle_input(self.bench.now, connection, message.bytes());
            }
            while let Some(output) = self.server.poll_output() {
                match output {
                    ServerOutput::Transmit { bytes, .. } => {
                        self.bench.client.handle_input(self.bench.now, &bytes);
                        self.bench.drain();
                    }
                    ServerOutput::Event(ServerEvent::Request(request)) => {
                        let reply = Reply::new(StatusCode::OK).presentation(MOVIE);
                        let key = self
                            .server
                            .respond(self.bench.now, request.id, &reply)
                            .unwrap();
                        self.session = key.or(self.session);
                    }
                    ServerOutput::Event(ServerEvent::Ended { .. }) => self.session = None,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn server_state(&self, stream: usize) -> State {
        let state = self.session.and_then(|key| self.server.state(key, stream));
        state.unwrap_or_default()
    }
}

#[test]
fn client_and_server_over_an_hour() {
    let mut pair = Pair::new();
    for (method, uri) in [
        (Method::SETUP, AUDIO),
        (Method::SETUP, VIDEO),
        (Method::PLAY, MOVIE),
    ] {
        pair.bench.request(method, uri).unwrap();
        pair.settle();
    }
    let end = pair.bench.now + Duration::from_secs(3600);
    while pair.bench.now < end {
        let due = pair.bench.client.next_timeout().unwrap();
        pair.bench.now = due.min(pair.server.next_timeout().unwrap());
        pair.server.handle_timeout(pair.bench.now);
        pair.bench.client.handle_timeout(pair.bench.now);
        pair.bench.drain();
        pair.settle();
        assert_eq!(
            (pair.server_state(0), pair.bench.states()),
            (State::Playing, [State::Playing; 2])
        );
    }
    pair.server
        .redirect(pair.session.unwrap(), MOVIE, "rtsp://g/")
        .unwrap();
    pair.bench.request(Method::OPTIONS, "*").unwrap();
    pair.settle();
    assert_eq!(pair.bench.ended, [ClientEndReason::Redirected]);
    assert_eq!(pair.server.session_count(), 0);
}

proptest! {
    /// Whatever is asked for, in whatever order, both have the same states.
    #[test]
    fn client_and_server_agree(steps in proptest::collection::vec((0..5_usize, 0..3_usize), 0..40)) {
        let mut pair = Pair::new();
        let mut uris = Vec::new();
        for (method, uri) in steps {
            let method = [Method::SETUP, Method::PLAY, Method::RECORD, Method::PAUSE, Method::TEARDOWN][method];
            let uri = [MOVIE, AUDIO, VIDEO][uri];
            if method == Method::SETUP && uri == MOVIE {
                continue;
            }
            let sent = pair.bench.request(method, uri);
            pair.settle();
            if pair.bench.ended.pop().is_some() {
                uris.clear();
            } else if sent.is_ok() && method == Method::SETUP && !uris.contains(&uri) {
                uris.push(uri);
            }
            for (stream, uri) in uris.iter().enumerate() {
                prop_assert_eq!(pair.bench.client.state(uri), pair.server_state(stream), "{}", uri);
            }
            prop_assert_eq!(pair.bench.client.session_id().is_some(), pair.session.is_some());
        }
    }

    #[test]
    fn strangers_never_break_a_client(pieces in proptest::collection::vec(
        prop_oneof![
            "[ -~\r\n$]{0,40}",
            (100..600_u16, 0..6_u32).prop_map(|(code, number)| {
                format!("RTSP/1.0 {code} x\r\nCSeq: {number}\r\nSession: abcdefgh;timeout=0\r\n\r\n")
            }),
            Just("REDIRECT rtsp://h/ RTSP/1.0\r\nCSeq: 3\r\n\r\n".to_owned()),
        ],
        0..30,
    )) {
        let mut bench = Bench::new();
        for piece in pieces {
            let _ = bench.request(Method::SETUP, AUDIO);
            bench.input(&piece);
            let _ = bench.request(Method::PLAY, AUDIO);
            bench.now += Duration::from_millis(400);
            bench.client.handle_timeout(bench.now);
            bench.drain();
        }
        bench.now += Duration::from_secs(3600);
        bench.client.handle_timeout(bench.now);
        bench.client.handle_timeout(bench.now + Duration::from_secs(3600));
        bench.drain();
        prop_assert!(bench.client.session_id().is_none(), "everything ends");
    }
}
