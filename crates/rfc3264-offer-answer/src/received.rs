//! A description of the peer, read and checked as far as it goes by itself (§5, §8).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rfc4566_sdp::{
    LineType, Origin, Parser, SessionDescription, SessionDescriptionBuf, Text, Time,
};

use crate::section::{MediaSection, Notes};
use crate::violation::{Violation, ViolationKind};

/// What a description of the peer says.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) description: SessionDescriptionBuf,
    /// The `o=` line without its version, if it could be read.
    identity: Option<String>,
    version: Option<u64>,
    pub(crate) sections: Vec<MediaSection>,
    /// The `t=` lines that can be read.
    pub(crate) times: Vec<Time>,
    /// What is wrong with it but tolerated.
    pub(crate) notes: Vec<Violation>,
}

impl Received {
    /// Reads a description, and compares it with the last one.
    pub(crate) fn read(
        bytes: &[u8],
        max_media: usize,
        before: Option<&Self>,
    ) -> Result<Self, Violation> {
        let fault = |kind| Violation::new(kind, None);
        let mut parser = Parser::new();
        let view = parser
            .parse(bytes)
            .map_err(|error| fault(ViolationKind::Unreadable(error)))?;
        let versions = view
            .lines()
            .filter(|line| line.line_type() == LineType::VERSION);
        if versions.count() > 1 {
            return Err(fault(ViolationKind::SeveralDescriptions));
        }
        if has_control_character(&view) {
            return Err(fault(ViolationKind::ControlCharacter));
        }
        let received = view.media_count();
        if received > max_media {
            return Err(fault(ViolationKind::TooManyMedia { received }));
        }
        let mut notes = Vec::new();
        let mut sections = Vec::with_capacity(received);
        for (ordinal, medium) in view.media().enumerate() {
            let mut found = Notes::new();
            let in_medium = |kind| Violation::new(kind, Some(ordinal));
            sections.push(MediaSection::read(&medium, &mut found).map_err(in_medium)?);
            found.dedup();
            notes.extend(found.into_iter().map(in_medium));
        }
        let origin = view.origin().ok();
        let identity = origin.as_ref().map(identity);
        let version = origin.as_ref().and_then(Origin::version_number);
        if origin.as_ref().is_some_and(has_large_number) {
            notes.push(fault(ViolationKind::OriginNumber));
        }
        let mut received = Self {
            identity,
            version,
            sections,
            times: view.times().filter_map(|time| time.time().ok()).collect(),
            notes,
            description: SessionDescriptionBuf::from(view),
        };
        let difference = received.fault_after(before);
        received.notes.extend(difference.map(fault));
        Ok(received)
    }

    /// What is wrong with the origin and version, also in comparison with the last description (§8).
    fn fault_after(&self, before: Option<&Self>) -> Option<ViolationKind> {
        if self.identity.is_none() {
            return Some(ViolationKind::Origin);
        }
        let before = before?;
        if before.identity.is_some() && self.identity != before.identity {
            return Some(ViolationKind::Origin);
        }
        let (last, this) = (before.version?, self.version?);
        if this == last {
            let changed = self.description.as_bytes() != before.description.as_bytes();
            changed.then_some(ViolationKind::VersionUnchanged)
        } else {
            (last.checked_add(1) != Some(this)).then_some(ViolationKind::VersionStep)
        }
    }
}

/// Whether an `m=` line, which comes back in an answer, could not be written there.
fn has_control_character(view: &SessionDescription<'_>) -> bool {
    let mut lines = view
        .lines()
        .filter(|line| line.line_type() == LineType::MEDIA);
    lines.any(|line| line.value().iter().any(|&byte| byte == 0 || byte == b'\r'))
}

/// An `o=` line without its version.
fn identity(origin: &Origin<'_>) -> String {
    let origin = Origin {
        sess_version: Text::from("-"),
        ..*origin
    };
    origin.to_string()
}

/// Whether the session id or version is beyond 63 bits (§5).
fn has_large_number(origin: &Origin<'_>) -> bool {
    [origin.sess_id, origin.sess_version].iter().any(|digits| {
        digits
            .as_str()
            .is_none_or(|digits| digits.parse::<i64>().is_err())
    })
}
