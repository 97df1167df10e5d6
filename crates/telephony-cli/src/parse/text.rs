//! Input that must be text.

use super::field::Finding;

/// The text, or where it stops being UTF-8.
pub(super) fn utf8<'a>(bytes: &'a [u8], rule: &'static str) -> Result<&'a str, Finding> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let message = format!("invalid text at byte {at}: expected UTF-8 ({rule})");
        Finding::new("error", "NotUtf8", at, rule, message)
    })
}
