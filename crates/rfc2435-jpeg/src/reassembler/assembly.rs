//! One frame while its packets come in (RFC 2435 §4.3).

use alloc::vec::Vec;
use core::num::NonZeroU16;

use crate::interchange::{Interchange, MAX_HEADERS};
use crate::scan::{EOI, Markers};
use crate::{MainHeader, QuantizationTables, Sampling};

/// Stretches in which a frame may have come; one more and it is given up.
const MAX_SEGMENTS: usize = 1024;

/// A frame that is not yet complete.
#[derive(Debug, Clone, Default)]
pub(super) struct Assembly {
    pub(super) timestamp: u32,
    /// What the first packet said, the offset aside; `None` when the frame was given up.
    pub(super) header: Option<Header>,
    pub(super) tables: Option<QuantizationTables>,
    /// Where the scan ends, as the packet with the marker has it.
    end: Option<usize>,
    /// Bytes of the scan that have come.
    received: usize,
    /// What has come, by offset.
    segments: Vec<Segment>,
    /// Room for the headers, then the fragments in the order of arrival.
    pub(super) buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) main: MainHeader,
    pub(super) sampling: Sampling,
    pub(super) restart_interval: Option<NonZeroU16>,
}

/// A stretch of the scan and where it is in the buffer.
#[derive(Debug, Clone, Copy)]
struct Segment {
    offset: usize,
    length: usize,
    position: usize,
}

/// Why a frame is given up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Inconsistent,
    TooLarge,
}

/// Whether a fragment was of use.
pub(super) enum Added {
    New,
    Duplicate,
}

impl Assembly {
    pub(super) fn begin(&mut self, timestamp: u32, header: Header) {
        self.timestamp = timestamp;
        self.header = Some(header);
        self.tables = None;
        self.end = None;
        self.received = 0;
        self.segments.clear();
        self.buffer.clear();
        self.buffer.resize(MAX_HEADERS, 0);
    }

    /// Keeps the timestamp only.
    pub(super) fn give_up(&mut self) {
        self.header = None;
        self.segments = Vec::new();
        self.buffer = Vec::new();
    }

    pub(super) fn is_complete(&self) -> bool {
        // Nothing overlaps, nothing is beyond the end: as many bytes as there are is all of them.
        self.received > 0 && self.end == Some(self.received)
    }

    /// Adds a fragment, which is at most 2²⁴ bytes from the start.
    pub(super) fn add(
        &mut self,
        offset: usize,
        fragment: &[u8],
        marker: bool,
        frame_bytes: usize,
    ) -> Result<Added, Fault> {
        let length = fragment.len();
        let fragment_end = offset + length;
        if fragment_end > frame_bytes {
            return Err(Fault::TooLarge);
        }
        let received_end = self.segments.last().map_or(0, Segment::end);
        match self.end {
            Some(end) if fragment_end > end || marker && fragment_end < end => {
                return Err(Fault::Inconsistent);
            }
            None if marker && fragment_end < received_end => return Err(Fault::Inconsistent),
            None if marker => self.end = Some(fragment_end),
            _ => {}
        }
        if length == 0 {
            return Ok(Added::New);
        }
        let index = self.segments.partition_point(|at| at.offset <= offset);
        let following = self.segments.get(index).map(|segment| segment.offset);
        if following.is_some_and(|following| following < fragment_end) {
            return Err(Fault::Inconsistent);
        }
        let position = self.buffer.len();
        let stretches = self.segments.len();
        let previous = index.checked_sub(1).and_then(|i| self.segments.get_mut(i));
        match previous {
            Some(previous) if previous.end() >= fragment_end => return Ok(Added::Duplicate),
            Some(previous) if previous.end() > offset => return Err(Fault::Inconsistent),
            Some(previous)
                if previous.end() == offset && previous.position + previous.length == position =>
            {
                previous.length += length;
            }
            _ if stretches >= MAX_SEGMENTS => return Err(Fault::Inconsistent),
            _ => self.segments.insert(
                index,
                Segment {
                    offset,
                    length,
                    position,
                },
            ),
        }
        self.buffer.extend_from_slice(fragment);
        self.received += length;
        Ok(Added::New)
    }

    /// Makes the buffer of a complete frame an image and returns where in it the image begins.
    pub(super) fn make_image(
        &mut self,
        interchange: &Interchange<'_>,
        scratch: &mut Vec<u8>,
    ) -> usize {
        if self.segments.len() > 1 {
            scratch.clear();
            scratch.resize(MAX_HEADERS, 0);
            for segment in &self.segments {
                let stretch = segment.position..segment.position + segment.length;
                scratch.extend_from_slice(self.buffer.get(stretch).unwrap_or_default());
            }
            core::mem::swap(&mut self.buffer, scratch);
        }
        // Behind the first marker that a scan cannot have there is padding at best (§3.1.9).
        let has_restart_markers = interchange.restart_interval.is_some();
        let scan = self.buffer.get(MAX_HEADERS..).unwrap_or_default();
        let end = Markers::new(scan).find(|at| !(has_restart_markers && at.is_restart()));
        if let Some(end) = end {
            self.buffer.truncate(MAX_HEADERS + end.offset);
        }
        self.buffer.extend_from_slice(&[0xff, EOI]);
        let mut headers = [0; MAX_HEADERS];
        let length = interchange.write(&mut headers);
        let start = MAX_HEADERS - length;
        for (place, &byte) in self.buffer.iter_mut().skip(start).zip(&headers[..length]) {
            *place = byte;
        }
        start
    }
}

impl Segment {
    const fn end(&self) -> usize {
        self.offset + self.length
    }
}

impl Header {
    /// Whether two packets can be of one frame.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.main.is_of_one_frame(other.main) && self.restart_interval == other.restart_interval
    }
}
