//! Date (RFC 3261 §20.17).

use core::fmt;

use nom::{
    Parser,
    bytes::complete::{tag, tag_no_case},
    combinator::cut,
    sequence::{preceded, terminated},
};

use super::Header;
use crate::{
    HeaderName, ParseError,
    grammar::{self, Fault, Parsed},
};

/// A moment to the second, in GMT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// The year, 1900 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 60: a leap second counts.
    pub second: u8,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Date {
    /// The moment so many seconds after 1970-01-01 00:00:00 GMT; `None` after the year 9999.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Option<Self> {
        let (days, rest) = (seconds / 86400, seconds % 86400);
        if days > 2_932_896 {
            return None;
        }
        // Years that begin in March: leap days come last. 719468 days from 0000-03-01 to 1970.
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: month as u8,
            day: day as u8,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        })
    }

    /// Seconds since 1970-01-01 00:00:00 GMT, negative before it.
    #[must_use]
    pub fn to_unix(self) -> i64 {
        let seconds =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        self.days() * 86400 + seconds
    }

    /// Days since 1970-01-01.
    fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let month = i64::from(self.month);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

impl<'a> Header<'a> for Date {
    const NAME: HeaderName = HeaderName::Date;

    fn parse(text: &'a str) -> Result<Self, ParseError> {
        grammar::whole(sip_date, text, Self::NAME.rule())
    }
}

/// The wire form: `Sat, 13 Nov 2010 23:29:00 GMT`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The first of January 1970 was a Thursday.
        let day = DAYS[(self.days() + 3).rem_euclid(7) as usize];
        let month = MONTHS[usize::from(self.month.clamp(1, 12)) - 1];
        let Self {
            year,
            day: of_month,
            hour,
            minute,
            second,
            ..
        } = self;
        write!(
            f,
            "{day}, {of_month:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT"
        )
    }
}

/// `rfc1123-date = wkday "," SP date1 SP time SP "GMT"`
fn sip_date(text: &str) -> Parsed<'_, Date> {
    let (rest, _) = one_of(text, &DAYS, "a day of the week")?;
    let (rest, day) = preceded((tag(","), grammar::lws), two_digits).parse(rest)?;
    let (rest, _) = grammar::lws(rest)?;
    let (rest, month) = one_of(rest, &MONTHS, "a month")?;
    let (rest, year) = preceded(grammar::lws, grammar::digits).parse(rest)?;
    let (rest, _) = grammar::lws(rest)?;
    let (rest, (hour, minute, second)) = (
        terminated(two_digits, tag(":")),
        terminated(two_digits, tag(":")),
        two_digits,
    )
        .parse(rest)?;
    let zone = |text| {
        let found: Parsed<'_, &str> = tag_no_case("GMT")(text);
        found.map_err(|_| nom::Err::Error(Fault::new(text, "GMT")))
    };
    let (rest, _) = cut(preceded(grammar::lws, zone)).parse(rest)?;
    let fits = (1900..=9999).contains(&year.parse().unwrap_or(0))
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !fits {
        return Err(nom::Err::Failure(Fault::range(
            text,
            "a moment that exists",
        )));
    }
    let year = year.parse().unwrap_or_default();
    Ok((
        rest,
        Date {
            year,
            month: month as u8 + 1,
            day,
            hour,
            minute,
            second,
        },
    ))
}

/// `2DIGIT`
fn two_digits(text: &str) -> Parsed<'_, u8> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
            Ok((text.split_at(2).1, (tens - b'0') * 10 + (ones - b'0')))
        }
        _ => grammar::fail(text, "two digits"),
    }
}

/// Which of three-letter names comes first.
fn one_of<'a>(text: &'a str, names: &[&str], expected: &'static str) -> Parsed<'a, usize> {
    let start = text.get(..3).unwrap_or_default();
    match names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(start))
    {
        Some(which) => Ok((text.split_at(3).1, which)),
        None => grammar::fail(text, expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 3261 §20.17
        let text = "Sat, 13 Nov 2010 23:29:00 GMT";
        let date = Date::parse(text).unwrap();
        assert_eq!(date.to_unix(), 1_289_690_940);
        assert_eq!(date.to_string(), text);
        assert_eq!(Date::from_unix(1_289_690_940), Some(date));
    }

    #[test]
    fn another_zone_and_impossible_moments_are_refused() {
        let error = Date::parse("Fri, 01 Jan 2010 16:00:00 EST").unwrap_err();
        assert_eq!(error.offset(), 26);
        assert_eq!(
            error.to_string(),
            "invalid Date at byte 26: expected GMT (RFC 3261 §20.17)"
        );
        for wrong in [
            "Sat, 32 Nov 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010 24:29:00 GMT",
            "Sat, 13 Nov 99999 23:29:00 GMT",
            "Xxx, 13 Nov 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010",
        ] {
            assert!(Date::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn seconds_and_back(seconds in 0_u64..253_402_300_800) {
            let date = Date::from_unix(seconds).unwrap();
            prop_assert_eq!(date.to_unix(), seconds as i64);
            prop_assert_eq!(Date::parse(&date.to_string()), Ok(date));
        }
    }
}
