//! What the strict reading says about the values of lines.

use core::net::IpAddr;

use super::Defects;
use super::rules::*;
use crate::attribute::{AttributeField, Fmtp, KnownAttribute, Rtpmap};
use crate::bandwidth::{Bandwidth, BandwidthType};
use crate::connection::Connection;
use crate::defect::Severity;
use crate::error::ErrorKind;
use crate::grammar::is_token_char;
use crate::line::{Line, LineType};
use crate::media::{MediaField, payload_type};
use crate::order::SectionId;
use crate::origin::Origin;
use crate::text::Text;
use crate::timing::{Repeat, Time, Zones};

impl<'a> Defects<'a> {
    pub(super) fn check_value(&mut self, line: &Line<'a>) {
        let value = line.value();
        let outcome = match line.line_type() {
            LineType::ORIGIN => Origin::parse(value).map(|origin| self.check_origin(line, &origin)),
            LineType::CONNECTION => {
                Connection::parse(value).map(|connection| self.check_connection(line, &connection))
            }
            LineType::BANDWIDTH => Bandwidth::parse(value).map(|bandwidth| {
                if let BandwidthType::Other(name) = bandwidth.bwtype {
                    self.value(Severity::Warning, line, ErrorKind::Unknown, &BWTYPE, &name);
                }
            }),
            LineType::TIME => Time::parse(value).map(|_| ()),
            LineType::REPEAT => Repeat::parse(value).map(|_| ()),
            LineType::ZONE => Zones::new(value, 0)
                .adjustments()
                .try_for_each(|pair| pair.map(|_| ())),
            LineType::MEDIA => MediaField::parse(value).map(|media| self.check_media(line, &media)),
            LineType::KEY => {
                self.line(Severity::Warning, line, ErrorKind::Obsolete, &KEY);
                return;
            }
            LineType::ATTRIBUTE => return self.check_attribute(&AttributeField::new(*line)),
            _ => {
                if value.is_empty() {
                    self.line(Severity::Error, line, ErrorKind::Missing, &EMPTY_TEXT);
                }
                return;
            }
        };
        match outcome {
            Ok(()) => self.check_blanks(line),
            Err(error) => self.report(Severity::Error, line, error.shifted(line.value_offset()), 0),
        }
    }

    /// Blanks that the parsers let pass.
    fn check_blanks(&mut self, line: &Line<'a>) {
        let value = line.value().as_bytes();
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let doubled = value.windows(2).position(|pair| pair.iter().all(is_blank));
        let ends = || {
            value
                .last()
                .filter(|last| is_blank(last))
                .map(|_| value.len() - 1)
        };
        let tab = || value.iter().position(|&byte| byte == b'\t');
        if let Some(at) = doubled.or_else(ends).or_else(tab) {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &BLANKS,
                value.get(at..=at).unwrap_or_default(),
            );
        }
    }

    fn check_origin(&mut self, line: &Line<'a>, origin: &Origin<'a>) {
        self.check_address(
            line,
            origin.nettype,
            origin.addrtype,
            origin.unicast_address,
        );
    }

    fn check_connection(&mut self, line: &Line<'a>, connection: &Connection<'a>) {
        self.check_address(
            line,
            connection.nettype,
            connection.addrtype,
            connection.address,
        );
        let Some(address) = connection.ip_address() else {
            return;
        };
        let counted = connection.count.is_some();
        if !address.is_multicast() && (connection.ttl.is_some() || counted) {
            self.line(Severity::Error, line, ErrorKind::Syntax, &UNICAST_SLASH);
        } else if matches!(address, IpAddr::V4(_))
            && address.is_multicast()
            && connection.ttl.is_none()
        {
            self.line(Severity::Error, line, ErrorKind::Missing, &NO_TTL);
        }
        if counted && self.section.id == SectionId::Session {
            self.line(Severity::Error, line, ErrorKind::Duplicate, &SESSION_COUNT);
        }
    }

    fn check_address(
        &mut self,
        line: &Line<'a>,
        nettype: Text<'a>,
        addrtype: Text<'a>,
        address: Text<'a>,
    ) {
        let fits = |is_wanted: fn(&IpAddr) -> bool| match address
            .as_str()
            .and_then(|text| text.parse().ok())
        {
            Some(ip) => is_wanted(&ip),
            // A name: dots and digits alone, or colons, are an address gone wrong.
            None => {
                address
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte))
                    && address.iter().any(u8::is_ascii_alphabetic)
            }
        };
        let fits = match (nettype.as_bytes(), addrtype.as_bytes()) {
            (b"IN", b"IP4") => fits(IpAddr::is_ipv4),
            (b"IN", b"IP6") => fits(IpAddr::is_ipv6),
            _ => {
                return self.value(
                    Severity::Warning,
                    line,
                    ErrorKind::Unknown,
                    &ADDRTYPE,
                    &addrtype,
                );
            }
        };
        if !fits {
            self.value(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &ADDRESS,
                &address,
            );
        }
    }

    fn check_media(&mut self, line: &Line<'a>, media: &MediaField<'a>) {
        let is_token =
            |text: &[u8]| !text.is_empty() && text.iter().all(|&byte| is_token_char(byte));
        if !is_token(&media.media) {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &MEDIA_TOKEN,
                &media.media,
            );
        }
        if !media
            .proto
            .as_bytes()
            .split(|&byte| byte == b'/')
            .all(is_token)
        {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &MEDIA_TOKEN,
                &media.proto,
            );
        }
        let is_rtp = |part: &[u8]| matches!(part, b"AVP" | b"SAVP" | b"AVPF" | b"SAVPF");
        self.section.rtp = media
            .proto
            .as_bytes()
            .split(|&byte| byte == b'/')
            .any(is_rtp);
        for format in media.formats.iter() {
            if !is_token(&format) {
                self.value(
                    Severity::Error,
                    line,
                    ErrorKind::Syntax,
                    &MEDIA_TOKEN,
                    &format,
                );
            } else if self.section.rtp {
                let payload_type = payload_type(format);
                if payload_type.is_none() || format.len() > 1 && format.first() == Some(&b'0') {
                    self.value(
                        Severity::Error,
                        line,
                        ErrorKind::OutOfRange,
                        &PAYLOAD_TYPE,
                        &format,
                    );
                }
                if payload_type
                    .is_some_and(|payload_type| set(&mut self.section.formats, payload_type))
                {
                    self.value(
                        Severity::Warning,
                        line,
                        ErrorKind::Duplicate,
                        &FORMAT_TWICE,
                        &format,
                    );
                }
            }
        }
    }

    fn check_attribute(&mut self, attribute: &AttributeField<'a>) {
        let line = &attribute.line();
        let name = attribute.name();
        if name.is_empty() || !name.iter().all(|&byte| is_token_char(byte)) {
            return self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &ATTRIBUTE_NAME,
                &name,
            );
        }
        match KnownAttribute::parse(attribute) {
            Err(error) => self.report(Severity::Error, line, error, 0),
            Ok(Some(KnownAttribute::Rtpmap(rtpmap))) => self.check_rtpmap(line, &rtpmap),
            Ok(Some(KnownAttribute::Fmtp(fmtp))) => self.check_fmtp(line, &fmtp),
            Ok(Some(KnownAttribute::Direction(_))) => self.check_direction(line),
            Ok(_) => {}
        }
    }

    fn check_direction(&mut self, line: &Line<'a>) {
        if core::mem::replace(&mut self.section.direction, true) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Duplicate,
                &DIRECTION_TWICE,
            );
        }
    }

    fn check_rtpmap(&mut self, line: &Line<'a>, rtpmap: &Rtpmap<'a>) {
        self.check_blanks(line);
        if self.section.id == SectionId::Session {
            self.line(Severity::Warning, line, ErrorKind::Order, &RTPMAP_PLACE);
        } else if self.section.rtp && !has(self.section.formats, rtpmap.payload_type) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &RTPMAP_FORMAT,
            );
        }
        if set(&mut self.section.rtpmaps, rtpmap.payload_type) {
            self.line(Severity::Error, line, ErrorKind::Duplicate, &RTPMAP_TWICE);
        }
    }

    fn check_fmtp(&mut self, line: &Line<'a>, fmtp: &Fmtp<'a>) {
        if fmtp.parameters.is_empty() {
            self.line(Severity::Error, line, ErrorKind::Missing, &FMTP_EMPTY);
        }
        let Some(payload_type) = payload_type(fmtp.format) else {
            return;
        };
        if self.section.rtp && !has(self.section.formats, payload_type) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &FMTP_FORMAT,
            );
        }
        if set(&mut self.section.fmtps, payload_type) {
            self.line(Severity::Warning, line, ErrorKind::Duplicate, &FMTP_TWICE);
        }
    }
}

fn has(set: u128, payload_type: u8) -> bool {
    set & 1_u128.checked_shl(u32::from(payload_type)).unwrap_or(0) != 0
}

/// Adds to a set; whether it was in there.
fn set(set: &mut u128, payload_type: u8) -> bool {
    let had = has(*set, payload_type);
    *set |= 1_u128.checked_shl(u32::from(payload_type)).unwrap_or(0);
    had
}
