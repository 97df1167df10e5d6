//! A description of the peer, read and checked as far as it goes by itself (§5, §8).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rfc4566_sdp::{LineType, Origin, SessionDescription, SessionDescriptionBuf, Text};

use crate::section::{MediaSection, Notes};
use crate::violation::{Violation, ViolationKind};

/// What a description of the peer says.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) description: SessionDescriptionBuf,
    pub(crate) seen: Seen,
    pub(crate) sections: Vec<MediaSection>,
    /// The values of the `t=` lines.
    pub(crate) times: Vec<Vec<u8>>,
    /// What is wrong with it but tolerated.
    pub(crate) notes: Vec<Violation>,
}

/// What the next description of the peer is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The `o=` line without its version.
    identity: String,
    version: Option<u64>,
    bytes: Vec<u8>,
}

impl Received {
    /// Reads a description, and compares it with the last one.
    pub(crate) fn read(
        bytes: &[u8],
        max_media: usize,
        before: Option<&Seen>,
    ) -> Result<Self, Violation> {
        let fault = |kind| Violation::new(kind, None);
        let description = SessionDescriptionBuf::parse(bytes)
            .map_err(|error| fault(ViolationKind::Unreadable(error)))?;
        let view = description.view();
        if view
            .lines()
            .filter(|line| line.line_type() == LineType::VERSION)
            .count()
            > 1
        {
            return Err(fault(ViolationKind::SeveralDescriptions));
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
        let origin = view
            .origin()
            .map_err(|error| fault(ViolationKind::Unreadable(error)))?;
        let seen = Seen {
            identity: Origin {
                sess_version: Text::from("-"),
                ..origin
            }
            .to_string(),
            version: origin.version_number(),
            bytes: bytes.to_vec(),
        };
        let kinds = [
            has_large_number(&origin).then_some(ViolationKind::OriginNumber),
            before.and_then(|before| seen.fault_after(before)),
        ];
        notes.extend(kinds.into_iter().flatten().map(fault));
        let times = times(&view);
        Ok(Self {
            description,
            seen,
            sections,
            times,
            notes,
        })
    }
}

impl Seen {
    /// What is wrong with the origin and version of this description behind the last one (§8).
    fn fault_after(&self, before: &Self) -> Option<ViolationKind> {
        if self.identity != before.identity {
            return Some(ViolationKind::Origin);
        }
        let (last, this) = (before.version?, self.version?);
        if this == last {
            let changed = self.bytes != before.bytes;
            changed.then_some(ViolationKind::VersionUnchanged)
        } else {
            (last.checked_add(1) != Some(this)).then_some(ViolationKind::VersionStep)
        }
    }
}

/// The values of the `t=` lines.
fn times(view: &SessionDescription<'_>) -> Vec<Vec<u8>> {
    let lines = view.session().lines_of(LineType::TIME);
    lines
        .map(|line| line.value().as_bytes().trim_ascii().to_vec())
        .collect()
}

/// Whether the session id or version is beyond 63 bits (§5).
fn has_large_number(origin: &Origin<'_>) -> bool {
    [origin.sess_id, origin.sess_version].iter().any(|digits| {
        digits
            .as_str()
            .is_none_or(|digits| digits.parse::<i64>().is_err())
    })
}
