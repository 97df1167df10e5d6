//! What was understood of an input: a tree of fields, and what is wrong or questionable in it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::terminal::Safe;

/// A named part of the input.
#[derive(Debug, Serialize)]
pub(super) struct Field {
    name: Cow<'static, str>,
    offset: usize,
    length: usize,
    value: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
}

impl Field {
    /// A field that lies at `place`, in bytes of the input.
    pub(super) fn new(
        name: impl Into<Cow<'static, str>>,
        place: Range<usize>,
        value: impl fmt::Display,
    ) -> Field {
        Field {
            name: name.into(),
            offset: place.start,
            length: place.len(),
            value: value.to_string(),
            fields: Vec::new(),
        }
    }

    /// The field with what it consists of.
    pub(super) fn with(mut self, fields: Vec<Field>) -> Field {
        self.fields = fields;
        self
    }

    /// The field with further fields below it.
    pub(super) fn and(mut self, fields: impl Iterator<Item = Field>) -> Field {
        self.fields.extend(fields);
        self
    }

    /// Where the field lies, in bytes of the input.
    pub(super) fn place(&self) -> Range<usize> {
        self.offset..self.offset + self.length
    }

    /// The same, understood of a piece that starts at `start` of the input.
    pub(super) fn moved(self, start: usize) -> Field {
        Field {
            offset: start + self.offset,
            fields: self
                .fields
                .into_iter()
                .map(|field| field.moved(start))
                .collect(),
            ..self
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let name = format!("{:1$}{2}", "", 2 * depth, Safe(&self.name));
        let line = format!("{:>6}  {name:<30}  {}", self.offset, Safe(&self.value));
        writeln!(f, "{}", line.trim_end())?;
        self.fields
            .iter()
            .try_for_each(|field| field.write(f, depth + 1))
    }
}

/// Something wrong or questionable in the input.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// `error`, or something lighter.
    severity: String,
    kind: String,
    offset: usize,
    rule: &'static str,
    message: String,
}

impl Finding {
    pub(super) fn new(
        severity: impl fmt::Display,
        kind: impl fmt::Debug,
        offset: usize,
        rule: &'static str,
        message: impl fmt::Display,
    ) -> Finding {
        let kind = format!("{kind:?}");
        Finding {
            severity: severity.to_string(),
            // What a kind carries is in the message.
            kind: kind
                .split(['(', '{', ' '])
                .next()
                .unwrap_or_default()
                .to_owned(),
            offset,
            rule,
            message: message.to_string(),
        }
    }

    /// The same, found in a piece that starts at `start` of the input.
    pub(super) fn moved(self, start: usize) -> Finding {
        Finding {
            offset: start + self.offset,
            ..self
        }
    }

    /// The same, found in a message body that starts at `start`: it does not make the message
    /// invalid.
    pub(super) fn of_body(self, start: usize) -> Finding {
        Finding {
            severity: format!("body {}", self.severity),
            ..self.moved(start)
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == ERROR
    }
}

/// The severity of what makes the input invalid.
const ERROR: &str = "error";

/// Every crate's error says the same three things.
macro_rules! finding_from {
    ($($krate:ident),*) => {$(
        impl From<$krate::ParseError> for Finding {
            fn from(error: $krate::ParseError) -> Finding {
                Finding::new(ERROR, error.kind(), error.offset(), error.rule(), error)
            }
        }
    )*};
}
finding_from!(
    rfc2198_red,
    rfc2326_rtsp,
    rfc2396_uri,
    rfc2833_dtmf,
    rfc3261_sip,
    rfc3550_rtp,
    rfc4566_sdp,
    rfc5389_stun
);

/// And so does every crate's defect.
macro_rules! finding_from_defect {
    ($($krate:ident),*) => {$(
        impl From<&$krate::Defect> for Finding {
            fn from(defect: &$krate::Defect) -> Finding {
                let (severity, kind) = (defect.severity(), defect.kind());
                Finding::new(severity, kind, defect.span().start, defect.rule(), defect)
            }
        }
    )*};
}
finding_from_defect!(rfc2326_rtsp, rfc2396_uri, rfc3261_sip, rfc4566_sdp);

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            severity,
            kind,
            offset,
            rule,
            message,
        } = self;
        writeln!(f, "{severity}: {}", Safe(message))?;
        write!(f, "  kind {kind}, offset {offset}, {rule}")
    }
}

/// An input that was understood, though not every part of it need be valid.
#[derive(Debug, Serialize)]
pub(super) struct Parsed {
    /// What it is, in a few words.
    pub(super) summary: String,
    pub(super) fields: Vec<Field>,
    pub(super) defects: Vec<Finding>,
}

impl fmt::Display for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Safe(&self.summary))?;
        self.fields.iter().try_for_each(|field| field.write(f, 0))?;
        self.defects
            .iter()
            .try_for_each(|defect| writeln!(f, "{defect}"))
    }
}

/// A tree or a finding as JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    // Strings, numbers and lists cannot fail to be written.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
