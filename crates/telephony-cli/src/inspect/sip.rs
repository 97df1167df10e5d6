//! SIP messages (RFC 3261), reduced to what the analysis asks for. They are read leniently: a
//! capture shows what was sent, not what should have been.

use super::sdp::Sdp;
use super::seen::Seen;
use rfc3261_sip::headers::{Contact, ContentType, Expires, From, Header, To};
use rfc3261_sip::{HeaderName, MessageRef, Parser, Policy, StartLine, unquote};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The longest text kept of a header.
const LONGEST_TEXT: usize = 512;
const MOST_CONTACTS: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SipMessage {
    pub(crate) start: Start,
    pub(crate) call_id: String,
    pub(crate) from: Party,
    pub(crate) to: Party,
    pub(crate) cseq: u32,
    pub(crate) cseq_method: String,
    pub(crate) contacts: Contacts,
    pub(crate) expires: Option<u32>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) sdp: Option<Sdp>,
    /// Of the whole message: the same bytes are a retransmission.
    hash: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Request { method: String, uri: String },
    Response { status: u16, reason: String },
}

/// From or To.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) uri: String,
    pub(crate) tag: Option<String>,
}

/// The Contact header fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contacts {
    /// URIs with their `expires` parameter.
    pub(crate) uris: Vec<(String, Option<u32>)>,
    /// `Contact: *`.
    pub(crate) all: bool,
}

/// WWW-Authenticate or Proxy-Authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) algorithm: Option<String>,
}

/// Authorization or Proxy-Authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) realm: String,
    pub(crate) algorithm: Option<String>,
}

/// Whether bytes begin like a SIP message: by content, whatever the port.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    begins_message(bytes, "SIP/2.0")
}

/// Whether the first line is a status line of this version or ends like a request line of it.
pub(crate) fn begins_message(bytes: &[u8], version: &str) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(status) = line.strip_prefix(version.as_bytes()) {
        return status.starts_with(b" ");
    }
    let is_method = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'_';
    let method = line.iter().take_while(is_method).count();
    let target = line
        .get(method..)
        .and_then(|rest| rest.strip_suffix(version.as_bytes()));
    (2..=32).contains(&method)
        && line.len() < 8192
        && target.is_some_and(|target| target.starts_with(b" ") && target.ends_with(b" "))
}

impl SipMessage {
    /// Reads a message; `None` when not even a Call-ID and a CSeq can be made out.
    pub(crate) fn parse(bytes: &[u8], seen: Seen) -> Option<Self> {
        let mut parser = Parser::new().policy(Policy::Forensic);
        let message = parser.parse(bytes).ok()?;
        let start = match message.start_line() {
            StartLine::Request { method, uri } => Start::Request {
                method: method.as_str().to_owned(),
                uri: text(uri),
            },
            StartLine::Status { code, reason } => Start::Response {
                status: code.get(),
                reason: text(reason),
            },
        };
        let call_id = text(message.first(HeaderName::CallId)?.value());
        let (cseq, cseq_method) = cseq(message)?;
        let is_sdp = match message.get::<ContentType<'_>>() {
            Some(Ok(kind)) => kind.is("application", "sdp"),
            Some(Err(_)) | None => message.body().starts_with(b"v=0"),
        };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Some(Self {
            start,
            call_id,
            from: party::<From<'_>>(message, |from| (from.uri().to_string(), from.tag())),
            to: party::<To<'_>>(message, |to| (to.uri().to_string(), to.tag())),
            cseq,
            cseq_method,
            contacts: contacts(message),
            expires: message
                .get::<Expires>()
                .and_then(Result::ok)
                .map(|expires| expires.0),
            challenge: challenge(message),
            credentials: credentials(message),
            sdp: is_sdp
                .then(|| Sdp::parse(message.body(), seen.src.ip()))
                .flatten(),
            hash: hasher.finish(),
        })
    }

    /// The same for the same bytes between the same two sockets.
    pub(crate) fn digest(&self, seen: Seen) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.hash, seen.src, seen.dst).hash(&mut hasher);
        hasher.finish()
    }

    /// The start line in short, and what the body describes: `INVITE (audio PCMU)`.
    pub(crate) fn summary(&self) -> String {
        let mut summary = match &self.start {
            Start::Request { method, .. } => method.clone(),
            Start::Response { status, reason } if reason.is_empty() => status.to_string(),
            Start::Response { status, reason } => format!("{status} {reason}"),
        };
        if matches!(self.start, Start::Response { .. }) && self.cseq_method != "INVITE" {
            summary = format!("{summary} {}", self.cseq_method);
        }
        match &self.sdp {
            Some(sdp) if !sdp.media.is_empty() => format!("{summary} ({})", sdp.summary()),
            _ => summary,
        }
    }

    /// Whether a description here would be an answer: in responses, in ACK and PRACK.
    pub(crate) fn is_answer(&self) -> bool {
        match &self.start {
            Start::Request { method, .. } => matches!(&**method, "ACK" | "PRACK"),
            Start::Response { .. } => true,
        }
    }

    /// Whether a REGISTER takes bindings away (RFC 3261 §10.2.2).
    pub(crate) fn is_removal(&self) -> bool {
        let mut contacts = self.contacts.uris.iter().peekable();
        let gone = |expires: &Option<u32>| expires.or(self.expires) == Some(0);
        self.cseq_method == "REGISTER"
            && (self.contacts.all
                || (contacts.peek().is_some() && contacts.all(|(_, expires)| gone(expires))))
    }

    /// For how long a 2xx to REGISTER grants the binding that was asked for (§10.3): that of the
    /// same contact, or of the first.
    pub(crate) fn granted_expires(&self, asked: &Contacts) -> Option<u32> {
        let granted = self.contacts.uris.iter();
        let same = granted
            .clone()
            .find(|(uri, _)| asked.uris.iter().any(|(own, _)| own == uri));
        let of_contact = same
            .or_else(|| granted.clone().next())
            .and_then(|(_, expires)| *expires);
        of_contact.or(self.expires)
    }
}

fn cseq(message: MessageRef<'_>) -> Option<(u32, String)> {
    if let Ok(cseq) = message.cseq() {
        return Some((cseq.sequence_number, cseq.method.as_str().to_owned()));
    }
    let raw = text(message.first(HeaderName::CSeq)?.value());
    let (number, method) = raw.split_once(char::is_whitespace)?;
    Some((number.parse().ok()?, method.trim().to_owned()))
}

/// A From or To, typed or else as it stands.
fn party<'a, T: Header<'a>>(
    message: MessageRef<'a>,
    split: impl Fn(&T) -> (String, Option<&'a str>),
) -> Party {
    match message.get::<T>() {
        Some(Ok(value)) => {
            let (uri, tag) = split(&value);
            Party {
                uri: shortened(uri),
                tag: tag.map(str::to_owned),
            }
        }
        Some(Err(_)) => {
            let raw = message
                .first(T::NAME)
                .map(|field| text(field.value()))
                .unwrap_or_default();
            let (uri, rest) = raw.split_once(";tag=").unwrap_or((&raw, ""));
            let tag = rest.split(';').next().filter(|tag| !tag.is_empty());
            Party {
                uri: uri.trim().to_owned(),
                tag: tag.map(str::to_owned),
            }
        }
        None => Party::default(),
    }
}

fn contacts(message: MessageRef<'_>) -> Contacts {
    let mut contacts = Contacts::default();
    for contact in message.list::<Contact<'_>>().take(MOST_CONTACTS).flatten() {
        match contact {
            Contact::All => contacts.all = true,
            Contact::Address(address) => {
                contacts
                    .uris
                    .push((shortened(address.uri().to_string()), address.expires()));
            }
        }
    }
    contacts
}

fn challenge(message: MessageRef<'_>) -> Option<Challenge> {
    let field = message
        .first(HeaderName::WwwAuthenticate)
        .or_else(|| message.first(HeaderName::ProxyAuthenticate))?;
    Some(Challenge {
        algorithm: auth_parameter(&text(field.value()), "algorithm"),
    })
}

fn credentials(message: MessageRef<'_>) -> Option<Credentials> {
    let field = message
        .first(HeaderName::Authorization)
        .or_else(|| message.first(HeaderName::ProxyAuthorization))?;
    let value = text(field.value());
    // Some phones send the header without an answer in it, to say who they are (RFC 3310 §3.2
    // does so too): these are no credentials.
    auth_parameter(&value, "response").filter(|response| !response.is_empty())?;
    Some(Credentials {
        username: auth_parameter(&value, "username").unwrap_or_default(),
        realm: auth_parameter(&value, "realm").unwrap_or_default(),
        algorithm: auth_parameter(&value, "algorithm"),
    })
}

/// One parameter of `Digest name="value", …` (RFC 3261 §25.1).
pub(crate) fn auth_parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(char::is_whitespace)?.1;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let end = if after.starts_with('"') {
            let mut escaped = false;
            let closing = after.char_indices().skip(1).find(|(_, c)| {
                let found = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                found
            });
            closing.map_or(after.len(), |(at, _)| at + 1)
        } else {
            after.find(',').unwrap_or(after.len())
        };
        let (raw, next) = after.split_at(end);
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(shortened(unquote(raw.trim()).into_owned()));
        }
        rest = next;
    }
}

/// Text of a message, whatever its bytes, and not too much of it.
pub(crate) fn text(bytes: &[u8]) -> String {
    shortened(String::from_utf8_lossy(bytes.get(..4 * LONGEST_TEXT).unwrap_or(bytes)).into_owned())
}

pub(crate) fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_is_told_by_its_first_line() {
        assert!(is_likely(b"SIP/2.0 200 OK\r\n"));
        assert!(is_likely(b"INVITE sip:a@b SIP/2.0\r\nVia: x"));
        assert!(is_likely(b"INVITE sip:a@b SIP/2.0\n"));
        assert!(!is_likely(b"DESCRIBE rtsp://a/b RTSP/1.0\r\n"));
        assert!(!is_likely(b"GET / HTTP/1.1\r\n"));
        assert!(!is_likely(b"hello"));
        assert!(!is_likely(b""));
    }

    #[test]
    fn parameters_of_digest() {
        let value = r#"Digest username="al\"ice", realm="a, b=c" ,nonce=xyz,  Algorithm=MD5"#;
        let parameter = |name| auth_parameter(value, name);
        assert_eq!(parameter("username").as_deref(), Some("al\"ice"));
        assert_eq!(parameter("realm").as_deref(), Some("a, b=c"));
        assert_eq!(parameter("algorithm").as_deref(), Some("MD5"));
        assert_eq!(parameter("nonce").as_deref(), Some("xyz"));
        assert_eq!(parameter("opaque"), None);
        for broken in [
            "Digest",
            "Digest ",
            "Digest a",
            "Digest a=\"",
            "Digest =,=,\"",
            "",
        ] {
            assert_eq!(auth_parameter(broken, "realm"), None, "{broken}");
        }
    }
}
