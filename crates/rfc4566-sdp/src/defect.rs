//! Defects: what a strict reading objects to, and where.

use core::fmt;
use core::ops::Range;

use crate::error::{ErrorKind, ParseError, Rule};
use crate::order::SectionId;

/// Something in a description that the RFC does not allow, or advises against.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Defect {
    pub(crate) error: ParseError,
    pub(crate) severity: Severity,
    pub(crate) section: SectionId,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) len: u32,
}

/// How grave a defect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Allowed or to be tolerated, but not what a careful sender writes.
    Warning,
    /// Against the grammar or a MUST; a strict reader refuses the description.
    Error,
}

impl Defect {
    /// What kind of mistake it is.
    pub const fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// The rule that is broken, such as `RFC 8866 §5.2`.
    pub const fn rule(&self) -> &'static str {
        self.error.rule()
    }

    /// The field that is defective, such as `origin`.
    pub const fn field(&self) -> &'static str {
        self.error.field()
    }

    /// How grave it is.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The section that it is in.
    pub const fn section(&self) -> SectionId {
        self.section
    }

    /// The line that it is in, counted from 1. For something missing: the last line of the section.
    pub const fn line(&self) -> usize {
        self.line as usize
    }

    /// The byte within the line where it starts, counted from 1.
    pub const fn column(&self) -> usize {
        self.column as usize
    }

    /// Where it is, in bytes from the start of the description.
    pub const fn span(&self) -> Range<usize> {
        let start = self.error.offset();
        start..start.saturating_add(self.len as usize)
    }

    /// The same as an error.
    pub const fn to_error(&self) -> ParseError {
        self.error
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let SectionId::Media(ordinal) = self.section {
            write!(f, ", medium {ordinal}")?;
        }
        let Rule {
            field,
            expected,
            section,
        } = self.error.rule_ref();
        write!(
            f,
            ": {} {field}: expected {expected} ({section})",
            self.kind()
        )
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defect")
            .field("severity", &self.severity)
            .field("message", &format_args!("{self}"))
            .finish()
    }
}
