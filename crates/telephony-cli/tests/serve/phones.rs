//! Users of the domain: they register and call each other.

use std::time::{Duration, Instant};

use rfc3261_sip::Method;
use rfc3261_sip::user_agent::{Content, EndCause, Event};

use super::phone::Phone;
use super::world::Server;

/// Alice calls bob through the server and hangs up; what it prints about it.
async fn call(server: &mut Server, alice: &mut Phone, bob: &mut Phone, at: std::net::SocketAddr) {
    let target = alice.target("sip:bob@serve.test", at);
    let offer = Content::sdp("v=0\r\n");
    let agent = alice.driver.machine_mut();
    let call = agent.invite(Instant::now(), &target, &offer).unwrap();
    let mut ended = 0;
    while ended < 2 {
        let (event, is_bobs) = tokio::select! {
            event = alice.event() => (event, false),
            event = bob.event() => (event, true),
        };
        match event {
            Event::Incoming { call, .. } if is_bobs => {
                let agent = bob.driver.machine_mut();
                agent.answer(Instant::now(), call, &offer).unwrap();
            }
            Event::Established { .. } => {
                alice
                    .driver
                    .machine_mut()
                    .hang_up(Instant::now(), call)
                    .unwrap();
            }
            Event::Ended { cause, .. } => {
                assert!(
                    matches!(cause, EndCause::HungUp | EndCause::HungUpByPeer(_)),
                    "{cause:?}"
                );
                ended += 1;
            }
            _ => {}
        }
    }
    // Bob's 200 to the BYE is still to be carried.
    let limit = Duration::from_secs(5);
    tokio::select! {
        over = alice.driver.settle(limit, |alice| alice.counts().calls == 0) => assert!(over),
        () = async { loop { bob.driver.next().await; } } => unreachable!(),
    }
    for event in ["\"call\"", "\"answered\"", "\"ended\""] {
        let line = server.line();
        assert!(line.contains(event), "{line}");
    }
}

#[tokio::test]
async fn users_register_and_call_each_other() {
    let mut server = Server::start("phones", &[]);
    let mut alice = Phone::new("alice", "secret", "udp");
    let mut bob = Phone::new("bob", "hunter2", "tcp");
    for (phone, at) in [(&mut alice, server.udp), (&mut bob, server.tcp)] {
        assert_eq!(phone.register(at).await, Ok(()));
        assert!(server.line().contains("\"registered\""));
    }
    assert_eq!(server.figure("registered_users"), 2);
    let at = server.udp;
    for _ in 0..3 {
        call(&mut server, &mut alice, &mut bob, at).await;
    }
    assert_eq!(server.figure("answered_calls_total"), 3);
    assert_eq!(server.figure("calls"), 0);
    // That which bob has opened; requests within calls go to his contact, over another one.
    assert_eq!(server.figure("connections"), 2);
    // Bob goes, and the server lets go.
    bob.driver.shut_down(Duration::from_secs(1)).await;
    server.wait_for("connections", 0);
    let (clean, rest) = server.end();
    assert!(clean && rest.contains("\"ending\""), "{rest}");
}

#[tokio::test]
async fn a_server_that_is_started_again_is_logged_into_again() {
    let mut alice = Phone::new("alice", "secret", "udp");
    for _ in 0..2 {
        // With other nonces than the one before.
        let server = Server::start("again", &[]);
        assert_eq!(alice.register(server.udp).await, Ok(()));
        let status = alice
            .ask(Method::MESSAGE, "sip:bob@serve.test", server.udp)
            .await;
        assert_eq!(status, 480, "bob is not there");
    }
}

#[tokio::test]
async fn clients_that_know_md5_only_register_too() {
    let server = Server::start("md5", &["--digest", "MD5"]);
    let mut alice = Phone::new("alice", "secret", "udp");
    assert_eq!(alice.register(server.udp).await, Ok(()));
}
