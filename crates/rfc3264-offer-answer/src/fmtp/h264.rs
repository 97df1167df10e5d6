//! H.264: profile, level and packetisation mode (RFC 6184 §8.1, §8.2.2).

use alloc::format;
use alloc::string::String;

use super::{parameter, with_parameter};

/// A profile-level-id taken apart.
#[derive(Clone, Copy, Debug)]
struct ProfileLevel {
    idc: u8,
    iop: u8,
    level: u8,
}

/// Profiles that differ in their bytes but not in what they mean (Table 5), and any other by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    Extended,
    Other(u8, u8),
}

/// Same profile and packetisation mode; the level is the lesser, unless both allow theirs to differ.
pub(super) fn answer(ours: &str, theirs: &str) -> Option<String> {
    let mode = |parameters| parameter(parameters, "packetization-mode").unwrap_or("0");
    let asymmetric = |parameters| parameter(parameters, "level-asymmetry-allowed") == Some("1");
    let (our_id, their_id) = (ProfileLevel::of(ours)?, ProfileLevel::of(theirs)?);
    if mode(ours) != mode(theirs) || our_id.profile() != their_id.profile() {
        return None;
    }
    let level_source = if asymmetric(ours) && asymmetric(theirs) || our_id.rank() <= their_id.rank()
    {
        our_id
    } else {
        their_id
    };
    let id = level_source.level_of(their_id);
    let id = format!("{:02x}{:02x}{:02x}", id.idc, id.iop, id.level);
    Some(with_parameter(ours, "profile-level-id", Some(&id)))
}

impl ProfileLevel {
    /// The parameter, or Baseline at level 1 if there is none.
    fn of(parameters: &str) -> Option<Self> {
        let text = parameter(parameters, "profile-level-id").unwrap_or("42000a");
        let is_hex = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u32::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        let [_, idc, iop, level] = bits.to_be_bytes();
        Some(Self { idc, iop, level })
    }

    fn profile(self) -> Profile {
        // The low four bits are reserved, and the one above them tells level 1b from 1.1.
        match (self.idc, self.iop & 0xe0) {
            (0x42, iop) if iop & 0x40 != 0 => Profile::ConstrainedBaseline,
            (0x4d, iop) if iop & 0x80 != 0 => Profile::ConstrainedBaseline,
            (0x58, iop) if iop & 0xc0 == 0xc0 => Profile::ConstrainedBaseline,
            (0x42, _) => Profile::Baseline,
            (0x58, iop) if iop & 0x80 != 0 => Profile::Baseline,
            (0x4d, _) => Profile::Main,
            (0x58, _) => Profile::Extended,
            (idc, _) => Profile::Other(idc, self.iop),
        }
    }

    /// The other's profile at this level.
    fn level_of(self, other: Self) -> Self {
        // The older profiles tell 1b from 1.1 by a bit among the constraints.
        let (iop, level) = match (other.idc <= 0x58, self.is_1b()) {
            (true, true) => (other.iop | 0x10, 11),
            (true, false) => (other.iop & !0x10, self.level),
            (false, _) => (other.iop, self.level),
        };
        Self {
            iop,
            level,
            ..other
        }
    }

    fn is_1b(self) -> bool {
        self.level == 9 || self.level == 11 && self.idc <= 0x58 && self.iop & 0x10 != 0
    }

    /// Levels in order, with 1b between 1 and 1.1.
    fn rank(self) -> u16 {
        if self.is_1b() {
            21
        } else {
            u16::from(self.level) * 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(ours: &str, theirs: &str) -> Option<String> {
        let id = |id: &str| format!("profile-level-id={id}");
        let answered = answer(&id(ours), &id(theirs))?;
        parameter(&answered, "profile-level-id").map(String::from)
    }

    #[test]
    fn the_lesser_level_is_answered() {
        assert_eq!(level("42e01f", "42e00d").as_deref(), Some("42e00d"));
        assert_eq!(level("42e00d", "42e01f").as_deref(), Some("42e00d"));
        assert_eq!(level("640c1f", "640C28").as_deref(), Some("640c1f"));
    }

    #[test]
    fn level_1b_is_below_1_1() {
        assert_eq!(level("42f00b", "42e00b").as_deref(), Some("42f00b"));
        assert_eq!(level("42e00b", "42f00b").as_deref(), Some("42f00b"));
        assert_eq!(level("42f00b", "42e00a").as_deref(), Some("42e00a"));
    }

    #[test]
    fn profiles_have_to_be_the_same_whatever_their_bytes() {
        assert_eq!(level("42c01f", "42e01f").as_deref(), Some("42e01f"));
        assert_eq!(level("4d801f", "42e01f").as_deref(), Some("42e01f"));
        assert_eq!(level("42001f", "42e01f"), None);
        assert_eq!(level("4d001f", "42e01f"), None);
        assert_eq!(level("64001f", "640c1f"), None);
        assert_eq!(level("42e01f", "42e0"), None);
        assert_eq!(level("42e01f", "+2e01f"), None);
    }

    #[test]
    fn an_absent_profile_is_baseline_at_level_1() {
        assert_eq!(answer("", "").as_deref(), Some("profile-level-id=42000a"));
        assert_eq!(answer("profile-level-id=42e01f", ""), None);
    }

    #[test]
    fn packetisation_modes_have_to_be_the_same() {
        let base = "profile-level-id=42e01f";
        let mode_1 = "profile-level-id=42e01f;packetization-mode=1";
        assert_eq!(answer(base, mode_1), None);
        assert_eq!(answer(mode_1, mode_1).as_deref(), Some(mode_1));
        assert!(answer(base, "profile-level-id=42e01f;packetization-mode=0").is_some());
    }

    #[test]
    fn both_may_allow_levels_to_differ() {
        let ours = "profile-level-id=42e01f;level-asymmetry-allowed=1";
        let theirs = "profile-level-id=42e00d;level-asymmetry-allowed=1";
        assert_eq!(answer(ours, theirs).as_deref(), Some(ours));
        let refused = answer(ours, "profile-level-id=42e00d").unwrap();
        assert_eq!(parameter(&refused, "profile-level-id"), Some("42e00d"));
    }
}
