//! TLS: whom a client believes, and whom a server.

use std::path::PathBuf;

use bytes::Bytes;
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rfc3261_sip::transport::{Flow, Transport};
use telephony_net::sip::{CloseReason, Config, Endpoint, Event};
use telephony_net::{Tls, TlsConfig};

use super::world::{address, closed, config, message, next, request, send, transmit};

/// Files in a folder that is removed at the end.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("telephony-net-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A certificate of `authority` for these names, and its key.
    fn certificate(&self, authority: &Authority, names: &[&str]) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate: Certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &authority.0)
            .unwrap();
        (
            self.write("own.pem", &certificate.pem()),
            self.write("own.key", &key.serialize_pem()),
        )
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }
}

struct Pair {
    server: Endpoint,
    client: Endpoint,
    _files: [Files; 2],
}

/// A server with a certificate for these names, and a client that trusts who signed it.
fn pair(test: &str, names: &[&str], client_certificates: bool, with_certificate: bool) -> Pair {
    let files = [
        Files::new(&format!("{test}-server")),
        Files::new(&format!("{test}-client")),
    ];
    let authority = Authority::new();
    let roots = |files: &Files| Some(files.write("roots.pem", &authority.0.pem()));
    let mut own = TlsConfig::default();
    own.certificate = Some(files[0].certificate(&authority, names));
    own.client_certificates = client_certificates;
    own.roots = roots(&files[0]);
    let server = with_tls(&["tls:127.0.0.1:0"], &own);
    let mut own = TlsConfig::default();
    own.roots = roots(&files[1]);
    own.certificate =
        with_certificate.then(|| files[1].certificate(&authority, &["client.example"]));
    let client = with_tls(&[], &own);
    Pair {
        server,
        client,
        _files: files,
    }
}

fn with_tls(listen: &[&str], tls: &TlsConfig) -> Endpoint {
    let mut config: Config = config(listen);
    config.tls = Some(Tls::new(tls).unwrap());
    Endpoint::bind(config).unwrap()
}

/// Sends to the server, as if the DNS had led there from a name.
fn send_by_name(client: &mut Endpoint, server: &Endpoint, name: &str, bytes: Bytes) {
    let flow = Flow::new(Transport::Tls, address(server));
    client.send_to(transmit(bytes, flow), Some(name));
}

#[tokio::test]
async fn a_server_that_proves_its_name_is_spoken_to_over_one_connection() {
    let Pair {
        mut server,
        mut client,
        _files,
    } = pair("name", &["sip.example"], false, false);
    for number in 0..10 {
        send_by_name(&mut client, &server, "SIP.example", request(number, 5000));
        let (bytes, source) = message(&mut server).await;
        assert_eq!(
            (bytes, source.transport),
            (request(number, 5000), Transport::Tls)
        );
        server.send(transmit(request(number, 9), source));
        assert_eq!(message(&mut client).await.0, request(number, 9));
    }
    // What says no name, such as an ACK, goes the same way.
    send(
        &mut client,
        Transport::Tls,
        address(&server),
        request(11, 0),
    );
    message(&mut server).await;
    assert_eq!(client.counts().connections, 1);
}

#[tokio::test]
async fn a_server_with_another_name_is_not_spoken_to() {
    let Pair {
        mut server,
        mut client,
        _files,
    } = pair("other", &["sip.example"], false, false);
    send_by_name(&mut client, &server, "other.example", request(1, 0));
    let reason = closed(&mut client).await.to_string();
    assert!(reason.contains("not valid for name"), "{reason}");
    assert!(matches!(closed(&mut server).await, CloseReason::Failed(_)));
    assert_eq!(
        (server.counts().connections, client.counts().connections),
        (0, 0)
    );
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_spoken_to() {
    let Pair { server, _files, .. } = pair("untrusted", &["sip.example"], false, false);
    let files = Files::new("stranger");
    let mut other = TlsConfig::default();
    other.roots = Some(files.write("roots.pem", &Authority::new().0.pem()));
    let mut client = with_tls(&[], &other);
    send_by_name(&mut client, &server, "sip.example", request(1, 0));
    let reason = closed(&mut client).await.to_string();
    assert!(reason.contains("invalid peer certificate"), "{reason}");
}

#[tokio::test]
async fn without_a_name_the_address_has_to_be_proven() {
    let Pair {
        mut server,
        mut client,
        _files,
    } = pair("address", &["127.0.0.1"], false, false);
    let to = server.listening()[0].address;
    send(&mut client, Transport::Tls, to, request(1, 0));
    message(&mut server).await;
    let Pair {
        server,
        mut client,
        _files,
    } = pair("no-address", &["sip.example"], false, false);
    let to = server.listening()[0].address;
    send(&mut client, Transport::Tls, to, request(1, 0));
    assert!(matches!(closed(&mut client).await, CloseReason::Failed(_)));
}

#[tokio::test]
async fn clients_have_to_prove_themselves_where_that_is_asked() {
    let Pair {
        mut server,
        mut client,
        _files,
    } = pair("mutual", &["sip.example"], true, true);
    send_by_name(&mut client, &server, "sip.example", request(1, 0));
    message(&mut server).await;

    let Pair {
        mut server,
        mut client,
        _files,
    } = pair("no-mutual", &["sip.example"], true, false);
    send_by_name(&mut client, &server, "sip.example", request(1, 0));
    assert!(matches!(closed(&mut server).await, CloseReason::Failed(_)));
    // The client learns it when it reads.
    while !matches!(next(&mut client).await, Event::Closed { .. }) {}
}

#[tokio::test]
async fn without_certificates_tls_is_not_possible() {
    let listen = "tls:127.0.0.1:0".parse().unwrap();
    let error = Endpoint::bind(Config::new([listen]))
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("TLS needs a certificate and its key"),
        "{error}"
    );
    let mut client = Endpoint::bind(Config::new([])).unwrap();
    let files = Files::new("none");
    let mut broken = TlsConfig::default();
    broken.roots = Some(files.write("roots.pem", "nothing"));
    let error = Tls::new(&broken).unwrap_err().to_string();
    assert!(error.ends_with("roots.pem: no certificate"), "{error}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    send(
        &mut client,
        Transport::Tls,
        listener.local_addr().unwrap(),
        request(1, 0),
    );
    assert_eq!(
        closed(&mut client).await.to_string(),
        "TLS is not configured"
    );
}
