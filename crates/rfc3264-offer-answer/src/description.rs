//! Our descriptions as a whole: the session's lines (§5), and capabilities (§9).

use alloc::string::ToString;
use alloc::vec::Vec;

use rfc4566_sdp::{Builder, Connection, Origin, SessionDescriptionBuf, Time, WriteError};

use crate::capability::{Stream, check};
use crate::config::Config;
use crate::error::UsageError;
use crate::fmtp::Rules;
use crate::payload_types::PayloadTypes;
use crate::propose;
use crate::section::MediaSection;

/// A description that tells what we are capable of, not what we offer: every port is 0 (§9).
///
/// Each of them has a session id of its own.
pub fn describe_capabilities(
    config: &Config,
    streams: &[Stream],
) -> Result<SessionDescriptionBuf, UsageError> {
    check(streams)?;
    let rules = Rules(&config.fmtp_rules);
    let mut sections = Vec::with_capacity(streams.len());
    for stream in streams {
        let section = propose::offer(stream, None, &PayloadTypes::default(), rules)?;
        sections.push(MediaSection { port: 0, ..section });
    }
    Ok(describe(config, config.version, sections.iter(), &[])?)
}

/// A description with these media; without times it is for good.
pub(crate) fn describe<'s>(
    config: &Config,
    version: u64,
    sections: impl Iterator<Item = &'s MediaSection>,
    times: &[Time],
) -> Result<SessionDescriptionBuf, WriteError> {
    let mut builder = Builder::new(&Origin {
        username: config.username.as_str().into(),
        sess_id: config.session_id.to_string().as_str().into(),
        sess_version: version.to_string().as_str().into(),
        nettype: "IN".into(),
        addrtype: config.address.addrtype().into(),
        unicast_address: config.address.host.as_str().into(),
    });
    builder.session_name(&config.session_name);
    builder.connection(&Connection::internet(
        config.address.addrtype(),
        &config.address.host,
    ));
    for &time in times {
        builder.time(time);
    }
    for section in sections {
        section.write(&mut builder, &config.address);
    }
    builder.finish()
}
