//! AMR and AMR-WB (RFC 4867 §8.1, §8.3.1).

use alloc::string::{String, ToString};

use super::{parameter, with_parameter};

/// How the payload is laid out; an absent parameter is 0.
const LAYOUT: [&str; 3] = ["octet-align", "crc", "robust-sorting"];

/// Both sides lay payloads out alike, and keep to the mode set of the offer, or of the answer if it has none.
pub(super) fn answer(ours: &str, theirs: &str) -> Option<String> {
    let flag = |parameters, name| match parameter(parameters, name) {
        None | Some("0") => false,
        Some(_) => true,
    };
    let alike = LAYOUT
        .iter()
        .all(|name| flag(ours, name) == flag(theirs, name));
    // Interleaving has a figure, the most that can be taken; what matters is whether there is any.
    let interleaved = |parameters| parameter(parameters, "interleaving").is_some();
    if !alike || interleaved(ours) != interleaved(theirs) {
        return None;
    }
    match (parameter(theirs, "mode-set"), parameter(ours, "mode-set")) {
        (Some(theirs), Some(ours)) if !is_subset(theirs, ours) => None,
        (Some(theirs), _) => Some(with_parameter(ours, "mode-set", Some(theirs))),
        (None, _) => Some(ours.to_string()),
    }
}

/// Whether every mode of the first comma-separated list is in the second.
fn is_subset(modes: &str, of: &str) -> bool {
    // Modes are 0 to 8, so a list of any length is a few bits.
    let bits = |list: &str| {
        list.split(',')
            .map(str::trim_ascii)
            .try_fold(0_u16, |bits, mode| {
                let mode: u32 = mode.parse().ok().filter(|&mode| mode < 16)?;
                Some(bits | 1 << mode)
            })
    };
    match (bits(modes), bits(of)) {
        (Some(modes), Some(of)) => modes & !of == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_have_to_be_alike() {
        assert_eq!(answer("octet-align=1", ""), None);
        assert_eq!(answer("", "crc=1"), None);
        assert_eq!(answer("interleaving=30", ""), None);
        assert_eq!(
            answer("octet-align=0", "").as_deref(),
            Some("octet-align=0")
        );
        assert_eq!(
            answer("octet-align=1;max-red=0", "octet-align=1").as_deref(),
            Some("octet-align=1;max-red=0")
        );
    }

    #[test]
    fn the_mode_set_is_the_offer_s_if_we_have_its_modes() {
        assert_eq!(
            answer("mode-set=0,2,4,7", "mode-set=0,2").as_deref(),
            Some("mode-set=0,2")
        );
        assert_eq!(answer("", "mode-set=7").as_deref(), Some("mode-set=7"));
        assert_eq!(answer("mode-set=0,2", "mode-set=0,7"), None);
        assert_eq!(answer("mode-set=0,2", "").as_deref(), Some("mode-set=0,2"));
        assert_eq!(answer("mode-set=0,2", "mode-set=x"), None);
    }
}
