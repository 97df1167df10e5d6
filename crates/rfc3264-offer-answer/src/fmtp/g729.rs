//! G.729 with or without annex B (RFC 4856 §2.1.9, RFC 7261 §3).

use alloc::string::{String, ToString};

use super::{parameter, with_parameter};

/// Annex B is used if both have it; nothing said means yes.
#[allow(clippy::unnecessary_wraps)] // The shape is that of every rule.
pub(super) fn answer(ours: &str, theirs: &str) -> Option<String> {
    let refuses = |parameters| {
        parameter(parameters, "annexb").is_some_and(|value| value.eq_ignore_ascii_case("no"))
    };
    Some(if refuses(theirs) {
        with_parameter(ours, "annexb", Some("no"))
    } else {
        ours.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_side_s_no_is_no() {
        for (ours, theirs, answered) in [
            ("", "", ""),
            ("", "annexb=no", "annexb=no"),
            ("annexb=yes", "annexb=no", "annexb=no"),
            ("annexb=no", "annexb=yes", "annexb=no"),
            ("annexb=no", "", "annexb=no"),
            ("annexb=yes", "", "annexb=yes"),
        ] {
            assert_eq!(answer(ours, theirs).as_deref(), Some(answered));
        }
    }
}
