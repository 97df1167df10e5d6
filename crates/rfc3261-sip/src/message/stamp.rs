//! Where a request came from, noted in its top Via (RFC 3261 §18.2.1, RFC 3581 §4).

use core::{
    fmt::{self, Write as _},
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use super::Message;
use crate::{ParseError, headers::Via, write::decimal};

/// What is to stand in a place of the message instead of what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    place: (usize, usize),
    text: [u8; LONGEST],
    length: usize,
}

/// Room for `;received=` and the longest IPv6 address.
const LONGEST: usize = 64;

impl Note {
    fn new(place: Range<usize>, name: &str) -> Self {
        let note = Self {
            place: (place.start, place.end),
            text: [0; LONGEST],
            length: 0,
        };
        note.and(name)
    }

    /// All that is written here is shorter than what there is room for.
    fn and(mut self, text: &str) -> Self {
        let _ = self.write_str(text);
        self
    }

    fn number(self, number: impl Into<u32>) -> Self {
        let mut digits = [0; 10];
        let digits = core::str::from_utf8(decimal(number.into(), &mut digits));
        self.and(digits.unwrap_or_default())
    }

    fn address(mut self, ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                self.number(a)
                    .and(".")
                    .number(b)
                    .and(".")
                    .number(c)
                    .and(".")
                    .number(d)
            }
            IpAddr::V6(ip) => {
                let _ = write!(self, "{ip}");
                self
            }
        }
    }

    pub(super) fn place(&self) -> Range<usize> {
        self.place.0..self.place.1
    }

    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Write for Note {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.text.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What is to be noted in `via`, in the order of the places: `received` where the address is not
/// that of `sent-by`, and the value of `rport` where the client asked for it, then with `received`
/// in any case. `message` is what `via` is a part of.
pub(super) fn notes(via: &Via<'_>, message: &[u8], source: SocketAddr) -> [Option<Note>; 2] {
    let ip = source.ip().to_canonical();
    let asked = via.rport().is_some();
    if !asked && via.host().ip() == Some(ip) {
        return [None; 2];
    }
    let offset = |part: &str| (part.as_ptr() as usize).saturating_sub(message.as_ptr() as usize);
    let span = |part: &str| offset(part)..offset(part) + part.len();
    let parameters = via.parameters();
    let old = parameters.find("received").and_then(|found| found.value);
    let received = match old.filter(|value| !value.is_empty()) {
        Some(value) => Note::new(span(value), "").address(ip),
        None => {
            let end = span(parameters.as_str()).end;
            Note::new(end..end, ";received=").address(ip)
        }
    };
    let rport = parameters.find("rport").map(|found| {
        let end = span(found.value.unwrap_or(found.name)).end;
        let place = span(found.name).start..end;
        Note::new(place, "rport=").number(source.port())
    });
    match rport {
        Some(rport) if rport.place.0 > received.place.0 => [Some(received), Some(rport)],
        _ => [rport, Some(received)],
    }
}

impl Message {
    /// The message with what [`Edit::stamp_source`](super::Edit::stamp_source) notes in its top
    /// Via; an error where that cannot be read.
    ///
    /// It is not read again: all that is behind a note moves.
    pub fn stamped(mut self, source: SocketAddr) -> Result<Self, ParseError> {
        let notes = notes(&self.via()?, &self.bytes, source);
        let notes = notes.iter().flatten();
        let added: usize = notes.clone().map(|note| note.length).sum();
        if added == 0 {
            return Ok(self);
        }
        let mut bytes = alloc::vec::Vec::with_capacity(self.bytes.len() + added);
        let mut at = 0;
        for note in notes.clone() {
            let Range { start, end } = note.place();
            bytes.extend_from_slice(self.bytes.get(at..start).unwrap_or_default());
            bytes.extend_from_slice(note.text());
            at = end;
        }
        bytes.extend_from_slice(self.bytes.get(at..).unwrap_or_default());
        for note in notes.rev() {
            self.index.replaced(note.place(), note.length);
        }
        self.bytes = bytes.into();
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec, vec::Vec};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_message_is_stamped_as_if_it_were_read_again(
            before in "(X: y\r\n|Max-Forwards : 7\r\n|odd\r\n){0,2}",
            parameters in "(;rport|;rport=|;rport=5060|;received=10\\.0\\.0\\.1|;received|;branch=z9|;a){0,4}",
            more in "(, SIP/2\\.0/TCP b;rport)?",
            host in prop::sample::select(vec!["192.0.2.1", "h.example", "[2001:db8::1]:5061"]),
            source in prop::sample::select(vec![
                "192.0.2.1:5060", "[2001:db8::1]:50612", "198.51.100.200:65535",
            ]),
            after in "(Via: SIP/2\\.0/UDP c\r\nX: y\r\n|Content-Length: 1\r\n|l: 9\r\n)?",
        ) {
            let text = format!(
                "OPTIONS sip:a SIP/2.0\r\n{before}Via: SIP/2.0/UDP {host}{parameters}{more}\r\n\
                 {after}\r\nbody"
            );
            let source = source.parse().unwrap();
            let message = Message::parse(text).unwrap();
            let mut edit = message.view().edit();
            edit.stamp_source(source);
            let mut expected = edit.finish().unwrap();
            let end = message.view().body_offset() + message.body().len();
            expected.extend_from_slice(&message.as_bytes()[end..]);
            let expected = Message::parse(expected).unwrap();
            let stamped = message.stamped(source).unwrap();
            prop_assert_eq!(stamped.bytes(), expected.bytes());
            prop_assert_eq!(stamped.body(), expected.body());
            prop_assert_eq!(stamped.defects(), expected.defects());
            prop_assert_eq!(stamped.start_line(), expected.start_line());
            let fields = |message: &Message| -> Vec<String> {
                message.fields().map(|field| format!("{field:?}")).collect()
            };
            prop_assert_eq!(fields(&stamped), fields(&expected));
        }
    }
}
