//! Where a request or a response goes: the servers of a URI, in the order in which to try them
//! (RFC 3263). Somebody else asks the DNS.

mod record;
mod weight;

pub use record::{Answer, Naptr, Query, RecordType, Srv};

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};
use core::net::{IpAddr, SocketAddr};

use rfc2396_uri::{Host, SipUri, Transport as UriTransport};

use crate::{headers::Via, transport::Transport};

/// What a client can do and wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preferences {
    /// The transports that it has, those it likes best first: UDP, TCP, TLS.
    pub transports: Vec<Transport>,
    /// The addresses that it can reach, those it likes best first: AAAA, A.
    pub addresses: Vec<RecordType>,
    /// The request is too large for UDP (RFC 3261 §18.1.1): where nothing else says which
    /// transport, it is TCP.
    pub large: bool,
}

/// The way to the servers of one URI or one Via.
///
/// [`poll`](Self::poll) says what to do: to ask a question and tell the
/// [answer](Self::handle_answer), or to try a server. To fail over, when the transaction has come
/// to a timeout without any response, to a transport error or to 503, poll again: names are asked
/// for only when they are needed. Each attempt is a transaction of its own, with a
/// [new branch](crate::transport::with_via).
///
/// ```
/// use rfc2396_uri::SipUri;
/// use rfc3261_sip::resolve::{Answer, Plan, Preferences, Query, Step};
///
/// let uri = SipUri::parse("sip:bob@example.com:5080")?;
/// let mut plan = Plan::of_uri(&uri, &Preferences::default(), 7);
/// let mut servers = Vec::new();
/// loop {
///     match plan.poll() {
///         Step::Ask(Query::Aaaa(name)) => {
///             assert_eq!(name, "example.com");
///             plan.handle_answer(Answer::Addresses(vec!["2001:db8::2".parse()?]));
///         }
///         Step::Ask(_) => plan.handle_answer(Answer::Addresses(vec!["192.0.2.2".parse()?])),
///         Step::Try(server) => servers.push(server.address.to_string()),
///         Step::Exhausted => break,
///     }
/// }
/// assert_eq!(servers, ["[2001:db8::2]:5080", "192.0.2.2:5080"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    work: VecDeque<Work>,
    /// The name that was asked for, whatever records lead elsewhere.
    name: String,
    secure: bool,
    preferences: Preferences,
    random: u64,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the DNS, and tell what it says. Polled again without an answer, it is asked again.
    Ask(Query),
    /// Send the request there.
    Try(Candidate),
    /// There is no other server.
    Exhausted,
}

/// A server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// The transport.
    pub transport: Transport,
    /// Address and port.
    pub address: SocketAddr,
    /// The name that was asked for, which is the one that the server's certificate has to prove
    /// (RFC 3263 §4.1); `None` for a numeric host.
    pub name: Option<String>,
}

/// A thing to be done, the next one first.
#[derive(Debug, Clone)]
enum Work {
    Naptr,
    /// The next of these transports that has SRV records.
    AnySrv(VecDeque<Transport>),
    /// The SRV records of this name; or else, the addresses of the domain.
    Srv {
        query: String,
        transport: Transport,
    },
    /// The addresses of this name, by the first of these record types and then by the next.
    Addresses {
        host: String,
        port: u16,
        transport: Transport,
        types: VecDeque<RecordType>,
    },
    Candidate(SocketAddr, Transport),
}

/// How many records of one answer are used: nobody means more.
const RECORDS: usize = 64;

impl Default for Preferences {
    fn default() -> Self {
        Self {
            transports: [Transport::Udp, Transport::Tcp, Transport::Tls].into(),
            addresses: [RecordType::Aaaa, RecordType::A].into(),
            large: false,
        }
    }
}

impl Plan {
    /// The servers for a request to this URI: that of the top Route, or the Request-URI (RFC 3261
    /// §8.1.2). `random` spreads the load among servers of the same priority by their weights; a
    /// stateless proxy gives what is the same for each copy of a request (RFC 3263 §4.4).
    #[must_use]
    pub fn of_uri(uri: &SipUri<&str>, preferences: &Preferences, random: u64) -> Self {
        let maddr = uri.parameter("maddr").and_then(|maddr| maddr.value());
        let target = maddr.and_then(Host::parse).unwrap_or(uri.host());
        let name = maddr.unwrap_or(uri.host_str());
        let mut plan = Self::empty(name, uri.is_secure(), preferences, random);
        let asked = match uri.transport() {
            None => None,
            Some(transport) => match plan.of_parameter(transport) {
                Some(transport) => Some(transport),
                // Nothing that this client could use.
                None => return plan,
            },
        };
        match (target.ip(), uri.port(), asked) {
            (Some(ip), port, asked) => plan.push_numeric(ip, port, asked),
            (None, Some(port), asked) => {
                if let Some(transport) = asked.or(plan.usual()) {
                    plan.push_addresses(String::from(name), port, transport);
                }
            }
            (None, None, Some(transport)) => plan.push_srv(transport),
            (None, None, None) => plan.work.push_back(Work::Naptr),
        }
        plan
    }

    /// The servers for a response that could not be sent to where its request came from (RFC 3263
    /// §5): by `sent-by` of the top Via.
    #[must_use]
    pub fn of_response(via: &Via<'_>, preferences: &Preferences, random: u64) -> Self {
        let transport = Transport::from_via(via.transport());
        let secure = transport.is_some_and(Transport::is_secure);
        let mut plan = Self::empty(via.host_str(), secure, preferences, random);
        let Some(transport) = transport else {
            return plan;
        };
        match (via.host().ip(), via.port()) {
            (Some(ip), port) => plan.push_numeric(ip, port, Some(transport)),
            (None, Some(port)) => plan.push_addresses(plan.name.clone(), port, transport),
            (None, None) => plan.push_srv(transport),
        }
        plan
    }

    /// What to do next. After [`Step::Try`], the next call means that this server has failed.
    pub fn poll(&mut self) -> Step {
        match self.work.front() {
            None => Step::Exhausted,
            Some(Work::Candidate(address, transport)) => {
                let (address, transport) = (*address, *transport);
                self.work.pop_front();
                let numeric = Host::parse(&self.name).is_some_and(|host| host.ip().is_some());
                Step::Try(Candidate {
                    transport,
                    address,
                    name: (!numeric).then(|| self.name.clone()),
                })
            }
            Some(Work::Naptr) => Step::Ask(Query::Naptr(self.name.clone())),
            Some(Work::Srv { query, .. }) => Step::Ask(Query::Srv(query.clone())),
            Some(Work::AnySrv(transports)) => match transports.front() {
                Some(transport) => Step::Ask(Query::Srv(self.service(*transport))),
                None => {
                    self.work.pop_front();
                    if let Some(transport) = self.usual() {
                        self.push_domain(transport);
                    }
                    self.poll()
                }
            },
            Some(Work::Addresses { host, types, .. }) => match types.front() {
                Some(RecordType::A) => Step::Ask(Query::A(host.clone())),
                Some(RecordType::Aaaa) => Step::Ask(Query::Aaaa(host.clone())),
                None => {
                    self.work.pop_front();
                    self.poll()
                }
            },
        }
    }

    /// The answer to the question asked last. An error, or records of another type, are as good
    /// as none.
    pub fn handle_answer(&mut self, answer: Answer) {
        match self.work.pop_front() {
            Some(Work::Naptr) => self.choose_service(match answer {
                Answer::Naptr(records) => records,
                _ => Vec::new(),
            }),
            Some(Work::Srv { transport, .. }) => {
                let found = self.push_servers(answer, transport);
                if !found {
                    self.push_domain(transport);
                }
            }
            Some(Work::AnySrv(mut transports)) => {
                if let Some(transport) = transports.pop_front() {
                    if !self.push_servers(answer, transport) {
                        self.work.push_front(Work::AnySrv(transports));
                    }
                }
            }
            Some(Work::Addresses {
                host,
                port,
                transport,
                mut types,
            }) => {
                types.pop_front();
                self.work.push_front(Work::Addresses {
                    host,
                    port,
                    transport,
                    types,
                });
                if let Answer::Addresses(addresses) = answer {
                    for ip in addresses.into_iter().take(RECORDS).rev() {
                        let address = SocketAddr::new(ip, port);
                        self.work.push_front(Work::Candidate(address, transport));
                    }
                }
            }
            // Nothing was asked.
            Some(other) => self.work.push_front(other),
            None => {}
        }
    }

    fn empty(name: &str, secure: bool, preferences: &Preferences, random: u64) -> Self {
        Self {
            work: VecDeque::new(),
            name: name.to_string(),
            secure,
            preferences: preferences.clone(),
            random,
        }
    }

    /// The transport that a URI asks for, if this client has it.
    fn of_parameter(&self, transport: UriTransport<'_>) -> Option<Transport> {
        let transport = Transport::from_uri(transport, self.secure)?;
        self.has(transport).then_some(transport)
    }

    /// The transport where nothing says which (RFC 3263 §4.1).
    fn usual(&self) -> Option<Transport> {
        let usual = match (self.secure, self.preferences.large) {
            (true, _) => Transport::Tls,
            (false, true) => Transport::Tcp,
            (false, false) => Transport::Udp,
        };
        self.has(usual).then_some(usual)
    }

    fn has(&self, transport: Transport) -> bool {
        self.preferences.transports.contains(&transport)
    }

    /// Whether a request to this URI may go by this transport.
    fn allows(&self, transport: Transport) -> bool {
        let too_large = transport == Transport::Udp && self.preferences.large;
        self.has(transport) && (transport.is_secure() || !self.secure) && !too_large
    }

    /// The name of the SRV records of the domain for a transport.
    fn service(&self, transport: Transport) -> String {
        let prefix = match transport {
            Transport::Udp => "_sip._udp.",
            Transport::Tcp => "_sip._tcp.",
            Transport::Tls => "_sips._tcp.",
            Transport::Sctp => "_sip._sctp.",
            Transport::TlsSctp => "_sips._sctp.",
            Transport::Ws => "_sip._ws.",
            Transport::Wss => "_sips._ws.",
        };
        [prefix, &self.name].concat()
    }

    fn push_numeric(&mut self, ip: IpAddr, port: Option<u16>, asked: Option<Transport>) {
        if let Some(transport) = asked.or(self.usual()) {
            let port = port.unwrap_or(transport.default_port());
            let address = SocketAddr::new(ip, port);
            self.work.push_back(Work::Candidate(address, transport));
        }
    }

    fn push_addresses(&mut self, host: String, port: u16, transport: Transport) {
        let types = self.preferences.addresses.iter().copied().collect();
        self.work.push_back(Work::Addresses {
            host,
            port,
            transport,
            types,
        });
    }

    /// The addresses of the domain itself.
    fn push_domain(&mut self, transport: Transport) {
        self.push_addresses(self.name.clone(), transport.default_port(), transport);
    }

    fn push_srv(&mut self, transport: Transport) {
        self.work.push_back(Work::Srv {
            query: self.service(transport),
            transport,
        });
    }

    /// The best service of a domain that this client can use (RFC 3263 §4.1).
    fn choose_service(&mut self, mut records: Vec<Naptr>) {
        records.truncate(RECORDS);
        let usable = |record: &&Naptr| {
            let transport = record.transport();
            record.flags.eq_ignore_ascii_case("s")
                && record.regexp.is_empty()
                && transport.is_some_and(|transport| self.allows(transport))
        };
        let best = records
            .iter()
            .filter(usable)
            .min_by_key(|record| (record.order, record.preference));
        let chosen = best.and_then(|best| Some((best.replacement.clone(), best.transport()?)));
        match chosen {
            Some((query, transport)) => self.work.push_back(Work::Srv {
                query: without_root(query),
                transport,
            }),
            None => {
                let transports = self.preferences.transports.iter().copied();
                let transports = transports.filter(|transport| self.allows(*transport));
                self.work.push_back(Work::AnySrv(transports.collect()));
            }
        }
    }

    /// Plans to try these servers; whether there are any records.
    fn push_servers(&mut self, answer: Answer, transport: Transport) -> bool {
        let Answer::Srv(mut records) = answer else {
            return false;
        };
        records.truncate(RECORDS);
        if records.is_empty() {
            return false;
        }
        for record in weight::order(records, self.random) {
            let host = without_root(record.target);
            // A root alone says that the service is not there (RFC 2782).
            if !host.is_empty() {
                self.push_addresses(host, record.port, transport);
            }
        }
        true
    }
}

/// A name of the DNS without the dot at its end.
fn without_root(mut name: String) -> String {
    if name.ends_with('.') {
        name.pop();
    }
    name
}
