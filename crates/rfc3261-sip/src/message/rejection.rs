//! What to do with a message that cannot be processed (RFC 3261 §8.2, §16.3, §21.4.1).

use alloc::{format, string::String};

use super::MessageRef;
use crate::{
    Defect, DefectKind, HeaderName, Method, ResponseBuilder, Severity, StatusCode, write::Style,
};

/// What to do with a message that cannot be processed.
#[derive(Debug, Clone)]
pub enum Rejection {
    /// Answer the request with this response.
    Respond(ResponseBuilder),
    /// Drop it, since no answer may be sent, or none would arrive.
    Drop(NoResponse),
}

/// Why a message that cannot be processed gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoResponse {
    /// It is a response.
    Response,
    /// It is an ACK, which is never answered (RFC 3261 §17).
    Ack,
    /// It has no Via that could be read, so nobody knows where to.
    NoVia,
}

impl MessageRef<'_> {
    /// What to do with the message if it has a [`Severity::Error`] among its
    /// [defects](Self::check); `None` if it can be processed.
    ///
    /// The answer is a 400 whose reason phrase names the fault, or a 505 for another version of
    /// SIP. `tag` is as in [`ResponseBuilder::to`].
    #[must_use]
    pub fn rejection(self, tag: &str) -> Option<Rejection> {
        let defects = self.check();
        let errors = || {
            defects
                .iter()
                .filter(|defect| defect.severity() == Severity::Error)
        };
        // Another version may have another grammar: that goes before all else.
        let version = errors().find(|defect| defect.kind() == DefectKind::Version);
        let defect = version.or_else(|| errors().next())?;
        Some(self.reject(defect, tag))
    }

    fn reject(self, defect: &Defect, tag: &str) -> Rejection {
        match self.method() {
            None => return Rejection::Drop(NoResponse::Response),
            Some(Method::ACK) => return Rejection::Drop(NoResponse::Ack),
            Some(_) if self.via().is_err() => return Rejection::Drop(NoResponse::NoVia),
            Some(_) => {}
        }
        let (status, reason) = match defect.kind() {
            DefectKind::Version => {
                let status = StatusCode::VERSION_NOT_SUPPORTED;
                (status, String::from(status.reason_phrase()))
            }
            kind => (StatusCode::BAD_REQUEST, reason(kind)),
        };
        let style = Style::CANONICAL;
        Rejection::Respond(ResponseBuilder::with_style(
            self, status, &reason, tag, style,
        ))
    }
}

/// A reason phrase that says what is wrong, as RFC 3261 §21.4.1 asks.
fn reason(kind: DefectKind) -> String {
    match kind {
        DefectKind::Missing(name) => format!("Missing {name} header field"),
        DefectKind::Repeated(name) => format!("Repeated {name} header field"),
        DefectKind::Invalid(name, _) => format!("Invalid {name} header field"),
        DefectKind::RequestUri | DefectKind::InvalidRequestUri(_) => {
            String::from("Invalid Request-URI")
        }
        DefectKind::CSeqMethod => String::from("CSeq method is not that of the request"),
        DefectKind::ContentLength | DefectKind::ContentLengths => {
            format!("Invalid {} header field", HeaderName::ContentLength)
        }
        DefectKind::BodyTooShort => String::from("Body shorter than Content-Length"),
        DefectKind::NotAHeader | DefectKind::CutShort => String::from("Invalid header field"),
        _ => String::from(StatusCode::BAD_REQUEST.reason_phrase()),
    }
}
