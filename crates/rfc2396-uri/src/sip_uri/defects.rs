//! What is questionable in a SIP URI (RFC 3261 §19.1.1, §19.1.2, §25.1).

use alloc::vec::Vec;
use core::ops::Range;

use super::SipUri;
use crate::chars::{self, is};
use crate::defect::{Defect, DefectKind};
use crate::parameter::{Parameters, duplicates};
use crate::percent::bad_escape;
use crate::{Host, Transport};

impl<S: AsRef<str>> SipUri<S> {
    /// What is questionable in this URI; empty if it is what the RFCs want.
    pub fn defects(&self) -> Vec<Defect> {
        let uri = self.view();
        let mut found = Found {
            text: uri.as_str(),
            defects: Vec::new(),
        };
        found.user_info(&uri);
        found.host(&uri);
        found.parameters(&uri);
        found.headers(&uri);
        found.defects
    }
}

struct Found<'a> {
    text: &'a str,
    defects: Vec<Defect>,
}

impl Found<'_> {
    fn add(&mut self, kind: DefectKind, span: Range<usize>) {
        self.defects.push(Defect::new(kind, span));
    }

    /// Characters that do not belong into a component, and escapes that are none.
    fn characters(&mut self, part: Range<usize>, class: u16) {
        let text = crate::text::slice(self.text, part.start, part.end);
        let foreign = |b: u8| b != b'%' && !is(b, class);
        let mut at = 0;
        for run in text.as_bytes().chunk_by(|a, b| foreign(*a) == foreign(*b)) {
            let end = at + run.len();
            if run.first().is_some_and(|b| foreign(*b)) {
                self.add(DefectKind::Unescaped, part.start + at..part.start + end);
            }
            at = end;
        }
        if let Some(at) = bad_escape(text) {
            self.add(DefectKind::BadEscape, part.start + at..part.start + at + 1);
        }
    }

    fn user_info(&mut self, uri: &SipUri<&str>) {
        let Some(user) = uri.user() else { return };
        let start = usize::from(uri.index.scheme_end);
        let end = start + user.len();
        if user.is_empty() {
            self.add(
                DefectKind::EmptyUser,
                start..usize::from(uri.index.host_start),
            );
        }
        self.characters(start..end, chars::USER);
        if let Some(password) = uri.password() {
            self.characters(end + 1..end + 1 + password.len(), chars::PASSWORD);
        }
    }

    fn host(&mut self, uri: &SipUri<&str>) {
        let span = usize::from(uri.index.host_start)..usize::from(uri.index.host_end);
        match uri.host() {
            Host::Name(name) if !is_host_name(name) => self.add(DefectKind::HostName, span.clone()),
            Host::V6 { zone: Some(_), .. } => self.add(DefectKind::Zone, span.clone()),
            Host::V6 { .. } if uri.host_str().contains(":::") => {
                self.add(DefectKind::TripleColon, span.clone());
            }
            Host::Future(_) => self.add(DefectKind::FutureAddress, span.clone()),
            _ => {}
        }
        if uri.index.port.is_none() && usize::from(uri.index.port_end) > span.end {
            self.add(DefectKind::EmptyPort, span.end..uri.index.port_end.into());
        }
    }

    fn parameters(&mut self, uri: &SipUri<&str>) {
        let base = usize::from(uri.index.port_end);
        let text = uri.parameters().as_str();
        let mut at = base;
        for part in text.split(';').skip(1) {
            let span = at..at + 1 + part.len();
            at = span.end;
            match part.split_once('=') {
                _ if part.is_empty() => self.add(DefectKind::EmptyParameter, span.clone()),
                Some((name, value))
                    if name.is_empty() || value.is_empty() || value.contains('=') =>
                {
                    self.add(DefectKind::MalformedParameter, span.clone());
                }
                _ => {}
            }
            let equals = part.find('=').unwrap_or(part.len());
            let start = span.start + 1;
            self.characters(start..start + equals, chars::PARAM);
            self.characters(
                (start + equals + 1).min(at)..at,
                chars::PARAM | chars::EQUALS,
            );
        }
        for span in duplicates(Parameters::new(text)) {
            self.add(
                DefectKind::DuplicateParameter,
                base + span.start..base + span.end,
            );
        }
        let transport = uri.transport();
        if uri.is_secure() && transport == Some(Transport::Udp) {
            self.add(DefectKind::UnreliableTransport, base..base + text.len());
        }
        let multicast = uri.maddr().is_some_and(|host| host.is_multicast());
        let over_udp = matches!(transport, None | Some(Transport::Udp)) && !uri.is_secure();
        if uri.parameter("ttl").is_some() && !(multicast && over_udp) {
            self.add(DefectKind::MisplacedTtl, base..base + text.len());
        }
    }

    fn headers(&mut self, uri: &SipUri<&str>) {
        let mut at = usize::from(uri.index.parameters_end);
        let Some(text) = uri.headers().as_str().strip_prefix('?') else {
            return;
        };
        for part in text.split('&') {
            let span = at..at + 1 + part.len();
            at = span.end;
            let equals = part.find('=').unwrap_or(part.len());
            if equals == 0 || equals == part.len() {
                self.add(DefectKind::MalformedHeader, span.clone());
            }
            let start = span.start + 1;
            self.characters(start..start + equals, chars::HEADER);
            self.characters((start + equals + 1).min(at)..at, chars::HEADER);
        }
    }
}

/// `hostname` (RFC 3261 §25.1).
pub(crate) fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let good_label = |label: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    name.split('.').all(good_label)
        && name
            .rsplit('.')
            .next()
            .is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()))
}
