//! STUN client, server, behaviour and lifetime tests: whatever comes, every request ends.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc5389_stun::behavior::Discovery;
use rfc5389_stun::client::{Client, ClientConfig, Credentials, Input, Output, Request};
use rfc5389_stun::lifetime::{self, LifetimeTest, Limits, Socket};
use rfc5389_stun::server::{
    Arrival, Authentication, Claim, Endpoints, LongTerm, Policy, Server, ServerConfig,
};
use rfc5389_stun::{Key, Message, Transport};

struct Everybody;

impl Policy for Everybody {
    fn key(&mut self, _: &Claim<'_>) -> Option<Key> {
        Some(Key::short_term("password"))
    }
}

fuzz_target!(|data: &[u8]| {
    let (near, far) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    let mut config = ServerConfig::default();
    config.endpoints = Endpoints::new((near, 3478).into(), (far, 3479).into());
    config.response_port = true;
    for authentication in [
        Authentication::None,
        Authentication::ShortTerm,
        Authentication::LongTerm(LongTerm::new("realm", [1; 32])),
    ] {
        config.authentication = authentication;
        let server = Server::new(config.clone());
        let mut buffer = [0; 2048];
        let arrival = Arrival {
            transport: Transport::Udp,
            local: (near, 3478).into(),
            remote: (near, 4000).into(),
            bytes: data,
        };
        if let Ok(Some(answer)) =
            server.answer(Duration::ZERO, &arrival, &mut Everybody, &mut buffer)
        {
            assert_eq!(answer.remote.ip(), arrival.remote.ip());
            Message::parse(answer.bytes).expect("an answer is a message");
        }
    }

    // Every chunk of the input becomes a response to the request that waits.
    let respond = |id: &[u8], chunk: &[u8]| {
        let mut response = chunk.to_vec();
        response.truncate(chunk.len() & !3);
        if let Some(place) = response.get_mut(8..20) {
            place.copy_from_slice(id);
        }
        response
    };
    let now = Instant::now();
    let mut config = ClientConfig::default();
    config.credentials = Some(Credentials::long_term("user", "password"));
    let mut client = Client::new(config.clone(), [2; 32]);
    let server = (near, 3478).into();
    let _ = client.request(now, Request::udp(server));
    let mut id = [0; 12];
    for chunk in data.chunks(97) {
        while let Some(output) = client.poll_output() {
            if let Output::Transmit(transmit) = output {
                id.copy_from_slice(&transmit.bytes[8..20]);
            }
        }
        let response = respond(&id, chunk);
        let input = Input::Message { transport: Transport::Udp, source: server, bytes: &response };
        client.handle_input(now, input);
    }
    let mut steps = 0;
    while let Some(due) = client.next_timeout() {
        client.handle_timeout(due);
        steps += 1;
        assert!(steps < 100);
    }

    let mut discovery = Discovery::new(now, config, [3; 32], (near, 4000).into(), server);
    let input = Input::Message { transport: Transport::Udp, source: server, bytes: data };
    discovery.handle_input(now, input);
    while let Some(due) = discovery.next_timeout() {
        discovery.handle_timeout(due);
    }

    let config = ClientConfig::default();
    let mut test = LifetimeTest::new(now, config, [4; 32], server, Limits::default());
    let mut chunks = data.chunks(97);
    let (mut now, mut steps, mut reports) = (now, 0, 0);
    loop {
        while let Some(output) = test.poll_output() {
            match output {
                lifetime::Output::Transmit { transmit, .. } => {
                    let Some(chunk) = chunks.next() else { continue };
                    let bytes = &respond(&transmit.bytes[8..20], chunk);
                    let socket = [Socket::Tested, Socket::Other][usize::from(chunk[0] & 1)];
                    let input = Input::Message { transport: Transport::Udp, source: server, bytes };
                    test.handle_input(now, socket, input);
                }
                lifetime::Output::Report(report) => {
                    assert!(report.expired_after.is_none_or(|gone| gone > report.alive_after));
                    reports += 1;
                }
            }
        }
        let Some(due) = test.next_timeout() else { break };
        now = due;
        test.handle_timeout(now);
        steps += 1;
        assert!(steps < 1000);
    }
    assert_eq!(reports, 1);
});
