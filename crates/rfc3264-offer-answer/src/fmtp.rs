//! Whether the parameters of two sides go together, and what an answer says (§6.1).

use alloc::string::{String, ToString};

use rfc4566_sdp::{Fmtp, Text};

use crate::format::{Codec, MediaFormat};

mod amr;
mod g729;
mod h264;

/// Compares the `a=fmtp` parameters of a codec: `rule(ours, theirs)`.
///
/// `None` says that they do not go together, as when they are configurations of the codec and differ; the format is
/// then none in common. Otherwise it gives the parameters for our answer, empty for no `a=fmtp`.
pub type FmtpRule = fn(ours: &str, theirs: &str) -> Option<String>;

/// The rule for an encoding of this name.
///
/// - AMR and AMR-WB: the payload's layout is the same on both sides, and the mode set that of the offer (RFC 4867 §8.3).
/// - G729: without annex B if either says so (RFC 4856 §2.1.9).
/// - H264: same profile and packetisation mode, the lesser level (RFC 6184 §8.2.2).
/// - telephone-event (RFC 4733 §2.4.1), opus (RFC 7587 §7.1) and all others: each side says what it wants to
///   receive.
pub fn rule_for(encoding_name: &str) -> FmtpRule {
    let is = |name: &str| encoding_name.eq_ignore_ascii_case(name);
    if is("AMR") || is("AMR-WB") {
        amr::answer
    } else if is("G729") {
        g729::answer
    } else if is("H264") {
        h264::answer
    } else {
        declarative
    }
}

/// The rules of a session: the application's before those of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules<'a>(pub(crate) &'a [(String, FmtpRule)]);

impl Rules<'_> {
    /// What an encoding's rule says to the parameters of both sides.
    pub(crate) fn apply(self, encoding_name: &str, ours: &str, theirs: &str) -> Option<String> {
        let own = self
            .0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(encoding_name));
        own.map_or_else(|| rule_for(encoding_name), |(_, rule)| *rule)(ours, theirs)
    }

    /// Whether a codec of ours is what a format was, parameters included.
    pub(crate) fn same_configuration(self, codec: &Codec, format: &MediaFormat) -> bool {
        codec.is_encoding_of(format)
            && self
                .apply(&codec.encoding_name, &codec.fmtp, &format.fmtp)
                .is_some()
    }
}

/// Each side says what it wants to receive, whatever the other does.
#[allow(clippy::unnecessary_wraps)] // The shape is that of every rule.
fn declarative(ours: &str, _theirs: &str) -> Option<String> {
    Some(ours.to_string())
}

/// The value of a parameter, if it is there and text.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let fmtp = Fmtp {
        format: Text::default(),
        parameters: parameters.into(),
    };
    fmtp.parameter(name)?.as_str()
}

/// The parameters with one of them set to another value, or added, or for `None` taken away.
fn with_parameter(parameters: &str, name: &str, value: Option<&str>) -> String {
    let mut result = String::with_capacity(parameters.len() + name.len() + 8);
    let mut push = |key: &str, value: Option<&str>| {
        if !result.is_empty() {
            result.push(';');
        }
        result.push_str(key);
        if let Some(value) = value {
            result.push('=');
            result.push_str(value);
        }
    };
    let mut missing = value;
    for pair in parameters
        .split(';')
        .map(str::trim_ascii)
        .filter(|pair| !pair.is_empty())
    {
        let key = pair.split('=').next().unwrap_or_default().trim_ascii();
        if !key.eq_ignore_ascii_case(name) {
            push(pair, None);
        } else if let Some(value) = missing.take() {
            push(key, Some(value));
        }
    }
    if let Some(value) = missing {
        push(name, Some(value));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_set_added_and_removed() {
        let parameters = "a=1; B=2 ;c";
        assert_eq!(parameter(parameters, "b"), Some("2"));
        assert_eq!(parameter(parameters, "d"), None);
        assert_eq!(with_parameter(parameters, "b", Some("3")), "a=1;B=3;c");
        assert_eq!(with_parameter(parameters, "d", Some("4")), "a=1;B=2;c;d=4");
        assert_eq!(with_parameter(parameters, "a", None), "B=2;c");
        assert_eq!(with_parameter("", "a", None), "");
    }

    #[test]
    fn events_and_opus_are_what_each_side_receives() {
        assert_eq!(
            rule_for("telephone-event")("0-15", "0-16,66").as_deref(),
            Some("0-15")
        );
        assert_eq!(
            rule_for("opus")("useinbandfec=1", "stereo=1;maxaveragebitrate=20000").as_deref(),
            Some("useinbandfec=1")
        );
    }
}
