//! What is questionable in a tel URI (RFC 3966 §3, §5).

use alloc::vec::Vec;

use super::{TelUri, parse};
use crate::chars::{self, is};
use crate::defect::{Defect, DefectKind};
use crate::parameter::{Parameter, duplicates};
use crate::sip_uri::is_host_name;
use crate::text::offset;

impl<S: AsRef<str>> TelUri<S> {
    /// What is questionable in this URI; empty if it is what RFC 3966 wants.
    pub fn defects(&self) -> Vec<Defect> {
        let uri = self.view();
        let text = uri.as_str();
        let base = usize::from(uri.index.number_end);
        let span = |part: &str| {
            let start = offset(text, part);
            start..start.saturating_add(part.len())
        };
        let mut defects = Vec::new();
        let mut add = |kind, span| defects.push(Defect::new(kind, span));
        if !uri.is_global() && uri.phone_context().is_none() {
            add(DefectKind::MissingContext, parse::SCHEME_LENGTH..base);
        }
        let mut last: Option<Parameter<'_>> = None;
        for parameter in uri.parameters() {
            let value = parameter.value();
            if value.is_some_and(|value| {
                value.is_empty() || value.bytes().any(|b| !is(b, chars::PARAM) && b != b'%')
            }) {
                add(DefectKind::MalformedParameter, span(parameter.as_str()));
            }
            let good = match rank(parameter.name()) {
                Rank::Context => value.is_some_and(is_context),
                Rank::Extension => value.is_some_and(is_extension),
                Rank::Subaddress => value.is_some(),
                Rank::Other => true,
            };
            if !good && rank(parameter.name()) == Rank::Context {
                add(DefectKind::MalformedContext, span(parameter.as_str()));
            } else if !good {
                add(DefectKind::MalformedParameter, span(parameter.as_str()));
            }
            if last.is_some_and(|last| order(last.name(), parameter.name()).is_gt()) {
                add(DefectKind::ParameterOrder, span(parameter.as_str()));
            }
            last = Some(parameter);
        }
        if uri
            .parameters()
            .as_str()
            .split(';')
            .skip(1)
            .any(str::is_empty)
        {
            add(DefectKind::EmptyParameter, base..text.len());
        }
        for span in duplicates(uri.parameters()) {
            add(
                DefectKind::DuplicateParameter,
                base + span.start..base + span.end,
            );
        }
        if let (Some(_), Some(isub)) = (uri.extension(), uri.isdn_subaddress()) {
            add(DefectKind::ExtensionAndSubaddress, span(isub));
        }
        defects
    }
}

/// Where a parameter belongs (RFC 3966 §3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Subaddress,
    Extension,
    Context,
    Other,
}

pub(super) fn rank(name: &str) -> Rank {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("isub") {
        Rank::Subaddress
    } else if is("ext") {
        Rank::Extension
    } else if is("phone-context") {
        Rank::Context
    } else {
        Rank::Other
    }
}

/// How two parameters follow each other: isub, ext, phone-context, then by name.
pub(super) fn order(a: &str, b: &str) -> core::cmp::Ordering {
    let lower = |name: &'_ str| {
        name.bytes()
            .map(|b| b.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    rank(a).cmp(&rank(b)).then_with(|| lower(a).cmp(&lower(b)))
}

/// `descriptor` (RFC 3966 §3).
fn is_context(value: &str) -> bool {
    match value.strip_prefix('+') {
        Some(digits) => is_phone_digits(digits),
        None => is_host_name(value),
    }
}

/// `1*phonedigit` (RFC 3966 §3).
fn is_extension(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| is(b, chars::PHONE_DIGIT))
}

/// `*phonedigit DIGIT *phonedigit` (RFC 3966 §3).
fn is_phone_digits(value: &str) -> bool {
    is_extension(value) && value.bytes().any(|b| b.is_ascii_digit())
}
