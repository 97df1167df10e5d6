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
    let Some(their_modes) = parameter(theirs, "mode-set") else {
        return Some(ours.to_string());
    };
    let our_modes = parameter(ours, "mode-set").map_or(Some(u16::MAX), modes)?;
    if modes(their_modes)? & !our_modes != 0 {
        return None;
    }
    Some(with_parameter(ours, "mode-set", Some(their_modes)))
}

/// A comma-separated list of modes, each a bit; `None` if it is no such list.
fn modes(list: &str) -> Option<u16> {
    // There are 16 modes at most, so a longer list is not worth repeating in an answer.
    let is_list = list
        .bytes()
        .all(|byte| byte == b',' || byte.is_ascii_digit());
    if !is_list || list.len() > 64 {
        return None;
    }
    list.split(',').try_fold(0_u16, |bits, mode| {
        let mode: u32 = mode.parse().ok().filter(|&mode| mode < 16)?;
        Some(bits | 1 << mode)
    })
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
        for list in ["x", "", "0,,2", "0, 2", "16", "+1"] {
            assert_eq!(
                answer("", &alloc::format!("mode-set={list}")),
                None,
                "{list}"
            );
        }
        assert_eq!(
            answer("", &alloc::format!("mode-set=0{}", ",0".repeat(40))),
            None
        );
    }
}
