//! New descriptions, written in the fixed order (RFC 8866 §5).

use alloc::vec::Vec;

use crate::attribute::{Attribute, Direction};
use crate::bandwidth::Bandwidth;
use crate::connection::Connection;
use crate::error::{ErrorKind, WriteError};
use crate::line::LineType;
use crate::media::MediaField;
use crate::order::{RANKS, rank};
use crate::origin::Origin;
use crate::owned::SessionDescriptionBuf;
use crate::timing::Time;
use crate::write::{check_fields, check_value, put};

/// Writes a new description.
///
/// Lines of a section may be given in any sequence: each is put where the fixed order wants it, behind those of its
/// type. After [`media`](Self::media) all lines are the medium's. What is mandatory and was not given, `s=-` and
/// `t=0 0`, is added. The first mistake is kept and comes back from [`finish`](Self::finish).
#[derive(Clone, Debug)]
pub struct Builder {
    bytes: Vec<u8>,
    /// Where in `bytes` the lines of each rank of the present section end.
    ends: [usize; RANKS],
    in_media: bool,
    fault: Option<WriteError>,
}

impl Builder {
    /// Begins with `v=0` and an `o=` line.
    pub fn new(origin: &Origin<'_>) -> Self {
        let mut builder = Self {
            bytes: Vec::with_capacity(512),
            ends: [0; RANKS],
            in_media: false,
            fault: None,
        };
        builder.put(LineType::VERSION, |out| out.push(b'0'), 1);
        builder.put(LineType::ORIGIN, |out| origin.write(out), 6);
        builder
    }

    /// `s=`, for want of which `-` is written.
    pub fn session_name(&mut self, name: &str) -> &mut Self {
        self.line(LineType::SESSION_NAME, name.as_bytes())
    }

    /// `c=` of the session or of the present medium.
    pub fn connection(&mut self, connection: &Connection<'_>) -> &mut Self {
        self.put(LineType::CONNECTION, |out| connection.write(out), 3)
    }

    /// `b=` of the session or of the present medium.
    pub fn bandwidth(&mut self, bandwidth: &Bandwidth<'_>) -> &mut Self {
        self.put(LineType::BANDWIDTH, |out| bandwidth.write(out), 1)
    }

    /// `t=`, for want of which `0 0` is written. Its `r=` and `z=` follow as [`line`](Self::line)s.
    pub fn time(&mut self, time: Time) -> &mut Self {
        self.put(LineType::TIME, |out| time.write(out), 2)
    }

    /// A typed attribute of the session or of the present medium.
    pub fn attribute<'v, A: Attribute<'v>>(&mut self, attribute: &A) -> &mut Self {
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(A::NAME.as_bytes());
            out.push(b':');
            let start = out.len();
            attribute.write_value(out);
            if out.len() == start {
                out.pop();
            }
        };
        self.put(LineType::ATTRIBUTE, write, 0)
    }

    /// A direction for the session or the present medium.
    pub fn direction(&mut self, direction: Direction) -> &mut Self {
        self.line(LineType::ATTRIBUTE, direction.name().as_bytes())
    }

    /// Begins a medium. Formats may follow in [`format`](Self::format) and [`payload_type`](Self::payload_type).
    pub fn media(&mut self, media: &MediaField<'_>) -> &mut Self {
        self.end_section();
        self.ends = [self.bytes.len(); RANKS];
        self.in_media = true;
        self.put(LineType::MEDIA, |out| media.write(out), 0)
    }

    /// One more format for the present medium.
    pub fn format(&mut self, format: &str) -> &mut Self {
        self.append_format(|out| out.extend_from_slice(format.as_bytes()))
    }

    /// One more payload type for the present medium.
    pub fn payload_type(&mut self, payload_type: u8) -> &mut Self {
        self.append_format(|out| put::number(out, u64::from(payload_type)))
    }

    /// A line of any other kind, by its type and value.
    pub fn line(&mut self, line_type: LineType, value: &[u8]) -> &mut Self {
        self.put(line_type, |out| out.extend_from_slice(value), 0)
    }

    /// The wire form, or the first mistake that was made. The builder is used up.
    pub fn finish_bytes(&mut self) -> Result<Vec<u8>, WriteError> {
        self.end_section();
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(core::mem::take(&mut self.bytes)),
        }
    }

    /// The description, or the first mistake that was made. The builder is used up.
    pub fn finish(&mut self) -> Result<SessionDescriptionBuf, WriteError> {
        SessionDescriptionBuf::parse(self.finish_bytes()?)
            .map_err(|error| WriteError::Refused(error.kind()))
    }

    /// Writes a line behind those of its rank. `fields` is how many words its value has to have, 0 for any text.
    fn put(
        &mut self,
        line_type: LineType,
        write: impl FnOnce(&mut Vec<u8>),
        fields: usize,
    ) -> &mut Self {
        let Some(rank) = rank(line_type, self.in_media) else {
            return self.fail(WriteError::Refused(ErrorKind::Order));
        };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[line_type.letter(), b'=']);
        write(&mut self.bytes);
        let value = self.bytes.get(start + 2..).unwrap_or_default();
        let checked = if fields == 0 {
            check_value(value, line_type)
        } else {
            check_fields(value, line_type, fields)
        };
        if let Err(fault) = checked {
            self.bytes.truncate(start);
            return self.fail(fault);
        }
        self.bytes.extend_from_slice(b"\r\n");
        let len = self.bytes.len() - start;
        let at = self.ends.get(rank).copied().unwrap_or(start);
        if at < start {
            if let Some(behind) = self.bytes.get_mut(at..) {
                behind.rotate_right(len);
            }
        }
        self.ends.iter_mut().skip(rank).for_each(|end| *end += len);
        self
    }

    /// Adds a word to the m= line of the present section.
    fn append_format(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        let Some(at) = self
            .ends
            .first()
            .filter(|_| self.in_media)
            .and_then(|end| end.checked_sub(2))
        else {
            return self.fail(WriteError::NoSuchLine);
        };
        let start = self.bytes.len();
        // The m= line of a medium without formats ends with the space behind its protocol.
        if at.checked_sub(1).and_then(|last| self.bytes.get(last)) != Some(&b' ') {
            self.bytes.push(b' ');
        }
        write(&mut self.bytes);
        let word = self
            .bytes
            .get(start..)
            .unwrap_or_default()
            .trim_ascii_start();
        if let Err(fault) = check_fields(word, LineType::MEDIA, 1) {
            self.bytes.truncate(start);
            return self.fail(fault);
        }
        let len = self.bytes.len() - start;
        if let Some(behind) = self.bytes.get_mut(at..) {
            behind.rotate_right(len);
        }
        self.ends.iter_mut().for_each(|end| *end += len);
        self
    }

    /// Adds what the present section lacks.
    fn end_section(&mut self) {
        let [_, origin_end, name_end, .., bandwidth_end, time_end, _, _] = self.ends;
        if self.in_media {
            let media_line = self
                .ends
                .first()
                .and_then(|end| self.bytes.get(..end.checked_sub(2)?));
            if media_line.is_some_and(|line| line.ends_with(b" ")) {
                self.fail(WriteError::Empty { line_type: b'm' });
            }
            return;
        }
        if name_end == origin_end {
            self.session_name("-");
        }
        if time_end == bandwidth_end {
            self.time(Time::PERMANENT);
        }
    }

    fn fail(&mut self, fault: WriteError) -> &mut Self {
        self.fault.get_or_insert(fault);
        self
    }
}
