//! The ports that media may use.

use std::fmt;
use std::str::FromStr;

/// A range of UDP ports, first and last included: `16384-32767`. `0` leaves the choice to the
/// system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ports {
    first: u16,
    last: u16,
}

/// A text or two numbers are not a range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvalidPorts;

impl Ports {
    /// Any port, as the system chooses.
    pub const ANY: Self = Self { first: 0, last: 0 };

    /// A range with at least one even port and its odd neighbour.
    pub fn new(first: u16, last: u16) -> Result<Self, InvalidPorts> {
        let even = u32::from(first).next_multiple_of(2);
        match first > 0 && even < u32::from(last) {
            true => Ok(Self { first, last }),
            false => Err(InvalidPorts),
        }
    }

    /// The even ports that have their neighbour in the range too, beginning behind `after` and
    /// once around. Two zeros where the system chooses.
    pub(super) fn pairs(self, after: u16) -> impl Iterator<Item = u16> {
        let even = self.first.next_multiple_of(2);
        let count = (self.last - even).div_ceil(2).max(1);
        let start = match after.checked_sub(even) {
            Some(distance) => distance / 2 + 1,
            None => 0,
        };
        (0..count).map(move |step| {
            let place = (u32::from(start) + u32::from(step)) % u32::from(count);
            // Less than `last`, because `place` is less than `count`.
            even + 2 * u16::try_from(place).unwrap_or_default()
        })
    }

    pub(super) fn is_any(self) -> bool {
        self == Self::ANY
    }
}

impl Default for Ports {
    /// Any port.
    fn default() -> Self {
        Self::ANY
    }
}

impl FromStr for Ports {
    type Err = InvalidPorts;

    fn from_str(text: &str) -> Result<Self, InvalidPorts> {
        if text == "0" {
            return Ok(Self::ANY);
        }
        let (first, last) = text.split_once('-').ok_or(InvalidPorts)?;
        let port = |text: &str| text.parse().map_err(|_| InvalidPorts);
        Self::new(port(first)?, port(last)?)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_any() {
            true => f.write_str("0"),
            false => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

impl fmt::Display for InvalidPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected FIRST-LAST with an even port and the next one in it, or 0")
    }
}

impl std::error::Error for InvalidPorts {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_even_port_once_beginning_behind_the_last() {
        let pairs = |text: &str, after| {
            text.parse::<Ports>()
                .unwrap()
                .pairs(after)
                .collect::<Vec<_>>()
        };
        assert_eq!(pairs("10-15", 0), [10, 12, 14]);
        assert_eq!(pairs("10-15", 12), [14, 10, 12]);
        assert_eq!(pairs("10-15", 14), [10, 12, 14]);
        assert_eq!(pairs("9-14", 0), [10, 12], "14 has no neighbour");
        assert_eq!(pairs("65534-65535", 65534), [65534]);
        assert_eq!(pairs("2-65535", 0).len(), 32767);
        assert_eq!(pairs("0", 0), [0]);
    }

    #[test]
    fn ranges_without_a_pair_are_none() {
        for text in [
            "",
            "5",
            "7-8",
            "0-9",
            "9-10",
            "10-10",
            "12-10",
            "65535-65535",
            "1-65536",
        ] {
            assert_eq!(text.parse::<Ports>(), Err(InvalidPorts), "{text}");
        }
        assert_eq!(
            "16384-32767".parse::<Ports>().unwrap().to_string(),
            "16384-32767"
        );
    }
}
