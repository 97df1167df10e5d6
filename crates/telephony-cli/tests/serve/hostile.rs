//! Strangers, liars, and noise.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use rfc3261_sip::Method;

use super::phone::Phone;
use super::world::Server;

#[tokio::test]
async fn strangers_learn_nothing_and_get_nowhere() {
    let mut server = Server::start("strangers", &[]);
    let at = server.udp;
    let mut bob = Phone::new("bob", "hunter2", "udp");
    assert_eq!(bob.register(at).await, Ok(()));
    assert!(server.line().contains("\"registered\""));
    // Who exists, who does not, and who is there: all the same.
    for user in ["alice", "bob", "nobody"] {
        let mut stranger = Phone::new(user, "guess", "udp");
        assert_eq!(stranger.register(at).await, Err(401));
        let line = server.line();
        assert!(line.contains("wrong user or password"), "{line}");
        let mut stranger = Phone::new("mallory", "guess", "udp");
        let uri = format!("sip:{user}@serve.test");
        for method in [Method::MESSAGE, Method::OPTIONS, Method::SUBSCRIBE] {
            assert_eq!(stranger.ask(method, &uri, at).await, 407);
            assert!(server.line().contains("wrong user or password"));
        }
    }
    // Nothing is carried elsewhere for them.
    let elsewhere = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("sip:x@{}", elsewhere.local_addr().unwrap());
    let mut stranger = Phone::new("mallory", "guess", "udp");
    assert_eq!(stranger.ask(Method::MESSAGE, &uri, at).await, 407);
    // Nor is an ACK, which cannot be challenged.
    let ack = message("mallory", "bob", ";tag=2", "").replace("MESSAGE", "ACK");
    let ack = ack.replace("ACK sip:bob@serve.test", &format!("ACK {uri}"));
    let from_anywhere = UdpSocket::bind("127.0.0.1:0").unwrap();
    from_anywhere.send_to(ack.as_bytes(), at).unwrap();
    assert_eq!(
        stranger.ask(Method::OPTIONS, "sip:serve.test", at).await,
        200
    );
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.recv_from(&mut [0; 10]).is_err());
    assert!(server.line().contains("wrong user or password"));
    // The domain itself answers what it can do, and no more.
    assert_eq!(
        stranger.ask(Method::OPTIONS, "sip:serve.test", at).await,
        200
    );
    assert_eq!(bob.ask(Method::MESSAGE, "sip:serve.test", at).await, 404);
}

#[tokio::test]
async fn users_are_who_they_say() {
    let mut server = Server::start("liars", &[]);
    let at = server.udp;
    let mut bob = Phone::new("bob", "hunter2", "udp");
    assert_eq!(bob.register(at).await, Ok(()));
    assert!(server.line().contains("\"registered\""));
    // With bob's password, as alice.
    let said = raw(at, &message("alice", "bob", "", ""));
    let nonce = said
        .split("nonce=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let ha1 = rfc2617_auth::Ha1::new(rfc2617_auth::Hash::Md5, "bob", "serve.test", "hunter2");
    let mut client = rfc2617_auth::Client::new(rfc2617_auth::ClientConfig::default(), [1; 32]);
    let challenge = format!("Digest realm=\"serve.test\", nonce=\"{nonce}\", qop=\"auth\"");
    let challenge = [(rfc2617_auth::Challenger::Proxy, challenge.as_bytes())];
    let account = rfc2617_auth::Account::with_ha1("bob", vec![ha1]).ok();
    assert!(
        client
            .handle_challenges(&[], challenge, |_, _| account.clone())
            .retry()
    );
    let answers = client.authorize(&rfc2617_auth::Request {
        method: "MESSAGE",
        uri: "sip:bob@serve.test",
        body: b"",
    });
    let answers = answers.unwrap();
    let proof = format!("Proxy-Authorization: {}\r\n", answers[0].header_value());
    let said = raw(at, &message("alice", "bob", "", &proof));
    assert!(said.starts_with("SIP/2.0 403 "), "{said}");
    let line = server.line();
    assert!(line.contains("bob is not who From says"), "{line}");
    // What only looks like part of a call is not.
    let said = raw(at, &message("alice", "bob", ";tag=1", ""));
    assert!(said.starts_with("SIP/2.0 407 "), "{said}");
}

fn message(from: &str, to: &str, tag: &str, more: &str) -> String {
    let number = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    format!(
        "MESSAGE sip:{to}@serve.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK{number}\r\n\
         From: <sip:{from}@serve.test>;tag=1\r\nTo: <sip:{to}@serve.test>{tag}\r\n\
         Call-ID: {number}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// What the server says to this.
fn raw(server: SocketAddr, request: &str) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    socket.send_to(request.as_bytes(), server).unwrap();
    let mut buffer = [0; 4096];
    let (length, _) = socket.recv_from(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// Messages that are odd or worse: own ones, and those of the folder beside the repository.
fn noise() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b""[..],
        b"\0\0\0\0",
        b"\r\n\r\n\r\n",
        b"INVITE",
        b"INVITE sip:bob@serve.test SIP/2.0\r\n\r\n",
        b"REGISTER sip:serve.test SIP/2.0\r\nVia: x\r\nFrom: \r\nTo: \r\nCSeq: 99999999999 INVITE\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\r\n",
        b"OPTIONS sip:serve.test SIP/2.0\r\nContent-Length: -1\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    .map(<[u8]>::to_vec)
    .into();
    all.push(vec![0xFF; 60_000]);
    all.push(
        [
            &b"OPTIONS sip:serve.test SIP/2.0\r\n"[..],
            &b"Via: a\r\n".repeat(5000),
        ]
        .concat(),
    );
    all.push(message("alice", "bob", "", "Proxy-Authorization: Digest\r\n").into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    for corpus in ["sip-torture", "sip-corpora", "sip-flows"] {
        match std::fs::read_dir(folder.join(corpus)) {
            Ok(files) => {
                let files = files.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
                all.extend(files.filter(|bytes| bytes.len() < 60_000));
            }
            Err(_) => println!("skipped: no {corpus}"),
        }
    }
    all
}

#[tokio::test]
async fn noise_stops_nothing() {
    let mut server = Server::start("noise", &[]);
    let mut alice = Phone::new("alice", "secret", "udp");
    assert_eq!(alice.register(server.udp).await, Ok(()));
    assert!(server.line().contains("\"registered\""));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let noise = noise();
    for bytes in &noise {
        socket.send_to(bytes, server.udp).unwrap();
        let mut stream = TcpStream::connect(server.tcp).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        // It may close the connection before all is there.
        let _ = stream.write_all(bytes);
        let _ = stream.read(&mut [0; 100]);
    }
    // Half a message, and nobody who goes on.
    let mut half = TcpStream::connect(server.tcp).unwrap();
    half.write_all(b"OPTIONS sip:serve.test SIP/2.0\r\nVia: ")
        .unwrap();
    let status = alice
        .ask(Method::OPTIONS, "sip:serve.test", server.udp)
        .await;
    assert_eq!(status, 200, "after {} messages", noise.len());
    let status = alice
        .ask(Method::MESSAGE, "sip:bob@serve.test", server.udp)
        .await;
    assert_eq!(status, 480);
    drop(half);
    server.wait_for("connections", 0);
    assert_eq!(
        (server.figure("calls"), server.figure("known_dialogs")),
        (0, 0)
    );
    assert_eq!(server.figure("registered_users"), 1);
    assert!(server.end().0);
}
