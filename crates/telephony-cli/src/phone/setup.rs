//! What a telephone is made of: who it is, its sockets, its media.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rfc3261_sip::resolve::RecordType;
use rfc3261_sip::transport::Transport;
use rfc3261_sip::user_agent;
use rfc3550_rtp::NtpTimestamp;
use telephony_agent::{Account, Agent, AgentConfig, SecurityConfig};
use telephony_net::media::{self, Media, Ports};
use telephony_net::sip::{self, Endpoint, Listen};
use telephony_net::{Pcap, Resolver, Tap, Tls};

use super::{Phone, Problem, random};
use crate::audio::Codec;

/// What a telephone is made of.
pub(crate) struct Setup {
    /// The address-of-record, `sip:alice@example.com`.
    pub(crate) address: String,
    /// The own address; port 0 for any.
    pub(crate) local: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) account: Option<Account>,
    /// The URI of the proxy that all goes over.
    pub(crate) proxy: Option<String>,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) security: SecurityConfig,
    pub(crate) ports: Ports,
    /// The STUN server that tells the own addresses.
    pub(crate) stun: Option<SocketAddr>,
    pub(crate) tls: Option<Tls>,
    /// Whether others can connect: TLS without a certificate can only connect itself.
    pub(crate) can_listen: bool,
    /// Whether the DNS is asked.
    pub(crate) resolver: bool,
    /// Where all that is sent and received is written.
    pub(crate) capture: Option<Arc<Pcap>>,
    /// How long packets wait at least before they are played.
    pub(crate) playout: Duration,
    /// The bandwidth of which RTCP takes its share, in bits per second.
    pub(crate) bandwidth: u64,
    /// How long digits last.
    pub(crate) digit: Duration,
}

impl Setup {
    /// The defaults, for this address-of-record at this address of the machine.
    pub(crate) fn new(address: String, local: SocketAddr) -> Self {
        Self {
            address,
            local,
            transport: Transport::Udp,
            account: None,
            proxy: None,
            codecs: Codec::DEFAULT.to_vec(),
            security: SecurityConfig::default(),
            ports: Ports::ANY,
            stun: None,
            tls: None,
            can_listen: true,
            resolver: false,
            capture: None,
            playout: Duration::from_millis(40),
            bandwidth: 80_000,
            digit: Duration::from_millis(100),
        }
    }

    /// Binds the sockets and makes the telephone.
    pub(crate) async fn phone(self) -> Result<Phone, Problem> {
        let endpoint = self.endpoint()?;
        let tap = self.tap();
        let listening = endpoint.listening().first();
        let listening = listening.map_or(self.local, |listening| listening.address);
        let user = self.user().to_string();
        let contact = reached_at(&user, listening, self.transport);
        let from = format!("<{}>", self.address);
        let sent_by = authority(listening);
        let mut sip = user_agent::Config::new(random()?, from, contact, sent_by);
        sip.product = Some(concat!("telephony/", env!("CARGO_PKG_VERSION")).to_string());
        sip.preferences.transports = vec![self.transport];
        sip.preferences.addresses = match self.local.ip() {
            IpAddr::V4(_) => vec![RecordType::A],
            IpAddr::V6(_) => vec![RecordType::Aaaa],
        };
        // The transport was chosen: it is not left for messages that are long.
        sip.path_mtu = Some(usize::from(u16::MAX));
        let mut config = AgentConfig::new(random()?, sip);
        config.account = self.account;
        config.proxy = self.proxy.map(|proxy| {
            let is_loose = proxy.split(';').any(|parameter| parameter == "lr");
            match is_loose {
                true => proxy,
                false => proxy + ";lr",
            }
        });
        config.codecs = self.codecs.iter().map(|codec| codec.offer()).collect();
        config.security = self.security;
        // What is played has no gaps, however unevenly it is given.
        config.media.max_drift = Duration::from_secs(5);
        config.media.playout.min_delay = self.playout;
        config.digit = self.digit;
        config.media.session_bandwidth = self.bandwidth;
        if let Ok(time) = SystemTime::now().duration_since(UNIX_EPOCH) {
            config.media.wall_clock = NtpTimestamp::from_unix(time);
        }
        let mut sockets = media::Config::new(self.local.ip(), self.ports);
        sockets.tap = tap;
        let resolver = match self.resolver {
            true => Resolver::of_system().ok(),
            false => None,
        };
        let agent = Agent::new(config);
        let mut phone = Phone::new(agent, endpoint, Media::new(sockets), resolver, self.stun);
        phone.capture = self.capture;
        if let Some(server) = self.stun.filter(|_| self.transport == Transport::Udp) {
            let public = phone.public_address(server).await?;
            let contact = reached_at(&user, public, self.transport);
            phone.agent_mut().set_contact(contact);
        }
        Ok(phone)
    }

    fn endpoint(&self) -> Result<Endpoint, Problem> {
        let listen = |transport| Listen {
            transport,
            address: self.local,
        };
        let mut config = sip::Config::new([]);
        if self.can_listen {
            config.listen.push(listen(self.transport));
        }
        config.tls.clone_from(&self.tls);
        config.tap = self.tap();
        config.keep_alive = false;
        Endpoint::bind(config).map_err(|error| Problem::Failure(error.to_string()))
    }

    fn tap(&self) -> Option<Arc<dyn Tap>> {
        let capture = self.capture.clone()?;
        Some(capture)
    }

    /// The user of the address-of-record.
    pub(crate) fn user(&self) -> &str {
        let rest = self.address.split_once(':').map_or("", |(_, rest)| rest);
        rest.split_once('@').map_or("anonymous", |(user, _)| user)
    }
}

/// Where others reach this side.
fn reached_at(user: &str, address: SocketAddr, transport: Transport) -> String {
    let address = authority(address);
    match transport {
        Transport::Tcp => format!("sip:{user}@{address};transport=tcp"),
        Transport::Tls => format!("sip:{user}@{address};transport=tls"),
        _ => format!("sip:{user}@{address}"),
    }
}

/// An address as it stands in URIs and in Via; without a port if nobody listens at one.
fn authority(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) if address.port() == 0 => address.ip().to_string(),
        SocketAddr::V6(address) if address.port() == 0 => format!("[{}]", address.ip()),
        _ => address.to_string(),
    }
}
