//! The options that all telephones have, and what goes wrong with them.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rfc2396_uri::SipUri;
use rfc3261_sip::transport::Transport;
use telephony_agent::{Account, Security, SecurityConfig};
use telephony_net::media::Ports;
use telephony_net::{Pcap, Tls, TlsConfig};

use super::Setup;
use crate::audio::Codec;
use crate::password;

/// The environment variable that the password is read from.
const PASSWORD: &str = "TELEPHONY_PASSWORD";
/// The port of STUN.
const STUN_PORT: u16 = 3478;

/// Who the telephone is and how it reaches others.
#[derive(Args)]
pub(crate) struct Options {
    /// The user name for credentials, if it is not that of the address; the password is in
    /// TELEPHONY_PASSWORD or in a file, or is asked for.
    #[arg(long, value_name = "NAME")]
    auth_user: Option<String>,
    /// The file with the password; one line end after it is dropped.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The proxy that all requests go over.
    #[arg(long, value_name = "URI")]
    proxy: Option<String>,
    /// How SIP is carried.
    #[arg(long, value_enum, default_value = "udp")]
    transport: Carrier,
    /// The own address, with a port if that matters; without it the one towards the other side.
    #[arg(long, value_name = "IP[:PORT]")]
    bind: Option<String>,
    /// The ports for media, FIRST-LAST; 0 for any.
    #[arg(long, value_name = "RANGE", default_value = "0")]
    media_ports: Ports,
    /// Ask this STUN server for the own addresses.
    #[arg(long, value_name = "SERVER[:PORT]")]
    stun: Option<String>,
    /// The codecs, the favourite first: pcmu, pcma, l16.
    #[arg(
        long,
        value_name = "CODEC",
        value_delimiter = ',',
        default_value = "pcmu,pcma"
    )]
    codec: Vec<Codec>,
    /// Whether media are encrypted (SRTP, with keys by SDES).
    #[arg(long, value_enum, default_value = "optional")]
    srtp: Encryption,
    /// The certificates to trust, in PEM; without it those that the system trusts.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// The own certificate in PEM: to be called over TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of the own certificate.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Write what is sent and received into this file, encrypted as it is.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Print JSON, a line for each thing that happens.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How SIP is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Carrier {
    Udp,
    Tcp,
    Tls,
}

/// Whether media are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encryption {
    Off,
    Optional,
    Required,
}

/// Why a telephone does not do what it should.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It was asked for what cannot be: exit code 2.
    Usage(String),
    /// It did not succeed: exit code 1.
    Failure(String),
}

impl Problem {
    /// Tells it, and what to exit with.
    pub(crate) fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Usage(message) => (message, 2),
            Self::Failure(message) => (message, 1),
        };
        eprintln!("telephony: {message}");
        ExitCode::from(code)
    }
}

impl Options {
    /// What a telephone is made of that is known by `address`, or by anonymous without, and has
    /// to do with `peer`, a URI. `is_asked` tells that credentials will be asked for.
    pub(crate) fn setup(
        &self,
        address: Option<&str>,
        peer: Option<&str>,
        is_asked: bool,
    ) -> Result<Setup, Problem> {
        let peer = self.proxy.as_deref().or(peer);
        let local = self.local(peer)?;
        let address = match address {
            Some(address) => address_of_record(address)?,
            None => format!("sip:anonymous@{}", host(local.ip())),
        };
        let mut setup = Setup::new(address, local);
        setup.transport = self.transport();
        setup.account = self.account(&setup, is_asked)?;
        setup.proxy = match &self.proxy {
            Some(proxy) => Some(self.carried(proxy)?),
            None => None,
        };
        setup.codecs.clone_from(&self.codec);
        setup.security = SecurityConfig::new(match self.srtp {
            Encryption::Off => Security::Off,
            Encryption::Optional => Security::Optional,
            Encryption::Required => Security::Required,
        });
        setup.ports = self.media_ports;
        setup.stun = match &self.stun {
            Some(server) => Some(stun_server(server, local)?),
            None => None,
        };
        setup.tls = self.tls()?;
        setup.can_listen = self.transport != Carrier::Tls || self.certificate.is_some();
        setup.resolver = true;
        if let Some(file) = &self.pcap {
            let capture = Pcap::create(file);
            let capture =
                capture.map_err(|e| Problem::Usage(format!("{}: {e}", file.display())))?;
            setup.capture = Some(Arc::new(capture));
        }
        Ok(setup)
    }

    /// A URI that is reached over the transport that was chosen, unless it says another one.
    pub(crate) fn carried(&self, uri: &str) -> Result<String, Problem> {
        let uri = with_scheme(uri);
        let parsed = SipUri::parse(uri.as_str());
        let parsed = parsed.map_err(|error| Problem::Usage(format!("{uri}: {error}")))?;
        if parsed.transport().is_some() || parsed.is_secure() {
            return Ok(uri);
        }
        let parameter = match self.transport {
            Carrier::Udp => return Ok(uri),
            Carrier::Tcp => ";transport=tcp",
            Carrier::Tls => ";transport=tls",
        };
        Ok(match uri.split_once('?') {
            Some((uri, headers)) => format!("{uri}{parameter}?{headers}"),
            None => uri + parameter,
        })
    }

    /// The URI to call: over a proxy as it is, otherwise over the transport that was chosen.
    pub(crate) fn target(&self, uri: &str) -> Result<String, Problem> {
        match self.proxy {
            Some(_) => Ok(with_scheme(uri)),
            None => self.carried(uri),
        }
    }

    /// The codecs that were chosen.
    pub(crate) fn codecs(&self) -> &[Codec] {
        &self.codec
    }

    fn transport(&self) -> Transport {
        match self.transport {
            Carrier::Udp => Transport::Udp,
            Carrier::Tcp => Transport::Tcp,
            Carrier::Tls => Transport::Tls,
        }
    }

    fn account(&self, setup: &Setup, is_asked: bool) -> Result<Option<Account>, Problem> {
        let is_given = self.password_file.is_some() || std::env::var_os(PASSWORD).is_some();
        if !is_given && !is_asked && self.auth_user.is_none() {
            return Ok(None);
        }
        let user = self.auth_user.clone();
        let user = user.unwrap_or_else(|| setup.user().to_string());
        let prompt = format!("Password of {user}: ");
        let file = self.password_file.as_deref();
        match password::read(file, PASSWORD, &prompt) {
            Ok(password) => Ok(Some(Account::new(user, password))),
            // Perhaps nobody asks.
            Err(_) if !is_given && self.auth_user.is_none() => Ok(None),
            Err(message) => Err(Problem::Usage(message)),
        }
    }

    fn tls(&self) -> Result<Option<Tls>, Problem> {
        if self.transport != Carrier::Tls {
            return Ok(None);
        }
        let mut config = TlsConfig::default();
        config.roots.clone_from(&self.roots);
        config.certificate = self.certificate.clone().zip(self.key.clone());
        let tls = Tls::new(&config).map_err(|error| Problem::Usage(error.to_string()))?;
        Ok(Some(tls))
    }

    /// The own address: the one that was given, or the one towards the peer.
    fn local(&self, peer: Option<&str>) -> Result<SocketAddr, Problem> {
        if let Some(bind) = &self.bind {
            let bare = bind.trim_start_matches('[').trim_end_matches(']');
            if let Ok(ip) = bare.parse::<IpAddr>() {
                return Ok(SocketAddr::new(ip, 0));
            }
            let usage = |_| Problem::Usage(format!("{bind}: expected IP[:PORT]"));
            return bind.parse().map_err(usage);
        }
        let ip = peer.and_then(towards);
        Ok(SocketAddr::new(
            ip.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            0,
        ))
    }
}

/// The own address from which packets go to the host of a URI. A domain that has no address of
/// its own is reached like the rest of the world.
fn towards(uri: &str) -> Option<IpAddr> {
    let uri = with_scheme(uri);
    let uri = SipUri::parse(uri.as_str()).ok()?;
    let peer = match uri.host().ip() {
        Some(ip) => SocketAddr::new(ip, 9),
        None => (uri.host_str(), 9)
            .to_socket_addrs()
            .ok()
            .and_then(|mut addresses| addresses.next())
            .unwrap_or(SocketAddr::from(([192, 0, 2, 1], 9))),
    };
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => ([0; 4], 0).into(),
        SocketAddr::V6(_) => ([0; 16], 0).into(),
    };
    // Connecting sends nothing, but tells the address.
    let probe = UdpSocket::bind(any).ok()?;
    probe.connect(peer).ok()?;
    Some(probe.local_addr().ok()?.ip())
}

/// `sip:alice@example.com`, with or without the scheme.
pub(crate) fn address_of_record(text: &str) -> Result<String, Problem> {
    let uri = with_scheme(text);
    match SipUri::parse(uri.as_str()) {
        Ok(parsed) if parsed.user().is_some() => Ok(uri),
        Ok(_) => Err(Problem::Usage(format!("{text}: expected USER@DOMAIN"))),
        Err(error) => Err(Problem::Usage(format!("{text}: {error}"))),
    }
}

fn with_scheme(uri: &str) -> String {
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
    let known = ["sip", "sips", "tel"];
    match scheme {
        Some(scheme) if known.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            uri.to_string()
        }
        _ => format!("sip:{uri}"),
    }
}

/// An address as it stands in a URI.
fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The first address of a STUN server of the family of the own address.
fn stun_server(server: &str, local: SocketAddr) -> Result<SocketAddr, Problem> {
    let failure = |error| Problem::Failure(format!("{server}: {error}"));
    let addresses: Vec<SocketAddr> = match server.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, STUN_PORT)],
        Err(_) if server.contains(':') => server.to_socket_addrs().map_err(failure)?.collect(),
        Err(_) => (server, STUN_PORT)
            .to_socket_addrs()
            .map_err(failure)?
            .collect(),
    };
    let mut addresses = addresses.into_iter();
    let found = addresses.find(|address| address.is_ipv4() == local.is_ipv4());
    found.ok_or_else(|| Problem::Failure(format!("{server}: no address")))
}

/// Unpredictable bytes from the system.
pub(crate) fn random() -> Result<[u8; 32], Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::Failure(error.to_string()))?;
    Ok(seed)
}

/// A time in seconds, such as 2.5.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        options: Options,
    }

    fn options(arguments: &[&str]) -> Options {
        let all = ["telephony"].into_iter().chain(arguments.iter().copied());
        Only::try_parse_from(all).unwrap().options
    }

    #[test]
    fn uris_are_carried_as_was_chosen_unless_they_say_how() {
        let tcp = options(&["--transport", "tcp"]);
        for (uri, wanted) in [
            ("bob@192.0.2.1", "sip:bob@192.0.2.1;transport=tcp"),
            ("sip:bob@h?Subject=x", "sip:bob@h;transport=tcp?Subject=x"),
            ("sip:bob@h;transport=udp", "sip:bob@h;transport=udp"),
            ("sips:bob@h", "sips:bob@h"),
        ] {
            assert_eq!(tcp.target(uri).unwrap(), wanted);
        }
        assert_eq!(options(&[]).target("bob@h").unwrap(), "sip:bob@h");
        let proxied = options(&["--transport", "tls", "--proxy", "p.example"]);
        assert_eq!(proxied.target("sip:bob@h").unwrap(), "sip:bob@h");
        assert!(matches!(tcp.target("bob@[h"), Err(Problem::Usage(_))));
    }

    #[test]
    fn the_own_address_is_given_or_found() {
        let local = |arguments: &[&str], peer| options(arguments).local(peer).unwrap().to_string();
        assert_eq!(local(&["--bind", "127.0.0.2:5070"], None), "127.0.0.2:5070");
        assert_eq!(local(&["--bind", "127.0.0.2"], None), "127.0.0.2:0");
        assert_eq!(local(&["--bind", "::1"], None), "[::1]:0");
        assert_eq!(local(&[], Some("sip:bob@127.0.0.9:5070")), "127.0.0.1:0");
        assert!(options(&["--bind", "here"]).local(None).is_err());
    }

    #[test]
    fn addresses_of_record_have_a_user() {
        assert_eq!(address_of_record("a@b").unwrap(), "sip:a@b");
        assert_eq!(address_of_record("sips:a@b").unwrap(), "sips:a@b");
        assert!(address_of_record("b").is_err());
    }
}
