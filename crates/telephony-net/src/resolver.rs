//! Questions of SIP to the DNS (RFC 3263 §4).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use rfc3261_sip::resolve::{Answer, Naptr, Query, Srv};

/// How long one name server may take, once.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the DNS what a plan of `rfc3261_sip::resolve` wants to know, and keeps the answers as long
/// as they say. Cheap to clone.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

/// There is no resolver: the system's settings cannot be read.
#[derive(Debug)]
pub struct ResolverError(NetError);

impl Resolver {
    /// A resolver that asks whom the system asks, and looks into its hosts file.
    pub fn of_system() -> Result<Self, ResolverError> {
        let mut builder = TokioResolver::builder_tokio().map_err(ResolverError)?;
        builder.options_mut().timeout = TIMEOUT;
        Ok(Self(builder.build().map_err(ResolverError)?))
    }

    /// A resolver that asks this name server.
    pub fn of_server(server: SocketAddr) -> Result<Self, ResolverError> {
        let at = |mut connection: ConnectionConfig| {
            connection.port = server.port();
            connection
        };
        let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
        let server = NameServerConfig::new(server.ip(), true, connections);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = TIMEOUT;
        Ok(Self(builder.build().map_err(ResolverError)?))
    }

    /// What the DNS answers: nothing where there is no name or no answer.
    pub async fn ask(&self, query: &Query) -> Answer {
        let (name, record_type) = match query {
            Query::Naptr(name) => (name, RecordType::NAPTR),
            Query::Srv(name) => (name, RecordType::SRV),
            Query::A(name) => (name, RecordType::A),
            Query::Aaaa(name) => (name, RecordType::AAAA),
        };
        // Names in URIs are whole: the system's search list is not for them.
        let name = format!("{}.", name.trim_end_matches('.'));
        let lookup = self.0.lookup(name, record_type).await;
        let records = lookup.iter().flat_map(|lookup| lookup.answers());
        let data = records.map(|record| &record.data);
        match query {
            Query::Naptr(_) => Answer::Naptr(data.filter_map(naptr).collect()),
            Query::Srv(_) => Answer::Srv(data.filter_map(srv).collect()),
            Query::A(_) | Query::Aaaa(_) => Answer::Addresses(data.filter_map(address).collect()),
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl fmt::Display for ResolverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no resolver: {}", self.0)
    }
}

impl std::error::Error for ResolverError {}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else {
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        flags: text(&record.flags),
        service: text(&record.services),
        regexp: text(&record.regexp),
        replacement: record.replacement.to_ascii(),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(record) = data else {
        return None;
    };
    Some(Srv {
        priority: record.priority,
        weight: record.weight,
        port: record.port,
        target: record.target.to_ascii(),
    })
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    }
}
