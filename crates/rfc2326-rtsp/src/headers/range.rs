//! Range, with play times, SMPTE time codes and absolute times (RFC 2326 §3.5 to §3.7, §12.29).

use core::fmt;
use core::time::Duration;

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_till, take_while_m_n};
use nom::character::complete::char;
use nom::combinator::{cut, map_res, opt, peek, value};
use nom::sequence::{preceded, terminated};

use super::{Header, element};
use crate::grammar::{Parsed, digits, expected, number, symbol, token};
use crate::{ErrorKind, HeaderName, ParseError};

/// A range of time; the start is in it, the end is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range<'a> {
    /// The range.
    pub specifier: RangeSpecifier<'a>,
    /// When the operation takes effect.
    pub time: Option<UtcTime>,
}

/// A range in one of the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RangeSpecifier<'a> {
    /// Normal play time: `npt=10-15`, `npt=now-`, `npt=-20`. One of the two is given.
    Npt {
        /// The start; from where play stands if there is none.
        start: Option<NptTime>,
        /// The end; of the presentation if there is none.
        end: Option<NptTime>,
    },
    /// SMPTE time codes: `smpte=10:12:33:20-`.
    Smpte {
        /// `smpte`, `smpte-30-drop`, `smpte-25` or another rate.
        kind: &'a str,
        /// The start.
        start: SmpteTime,
        /// The end; of the presentation if there is none.
        end: Option<SmpteTime>,
    },
    /// Absolute time: `clock=19961108T143720.25Z-`.
    Clock {
        /// The start.
        start: UtcTime,
        /// The end, if there is one.
        end: Option<UtcTime>,
    },
    /// A unit that this crate does not know, which a server answers with 501.
    Other {
        /// The unit.
        unit: &'a str,
        /// What is behind the `=`.
        value: &'a str,
    },
}

/// A moment of normal play time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NptTime {
    /// The current instant of a live event.
    Now,
    /// Since the beginning of the presentation. Digits beyond nanoseconds are cut off.
    At(Duration),
}

/// A SMPTE time code, relative to the start of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmpteTime {
    /// Hours, 0 to 99.
    pub hours: u8,
    /// Minutes, 0 to 59.
    pub minutes: u8,
    /// Seconds, 0 to 59.
    pub seconds: u8,
    /// Frames, 0 to 29.
    pub frames: u8,
    /// Hundredths of a frame, 0 to 99.
    pub subframes: u8,
}

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 60 with a leap second.
    pub second: u8,
    /// Nanoseconds. Digits beyond are cut off.
    pub nanosecond: u32,
}

impl Range<'_> {
    /// A range of normal play time from `start` to the end, or to `end`.
    pub const fn npt(start: Duration, end: Option<Duration>) -> Self {
        let end = match end {
            Some(end) => Some(NptTime::At(end)),
            None => None,
        };
        let specifier = RangeSpecifier::Npt {
            start: Some(NptTime::At(start)),
            end,
        };
        Self {
            specifier,
            time: None,
        }
    }
}

impl<'a> Header<'a> for Range<'a> {
    const NAME: HeaderName = HeaderName::Range;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let time = preceded(
            (symbol(';'), tag_no_case("time"), symbol('=')),
            cut(utc_time),
        );
        let range = (specifier, opt(time));
        let ((specifier, time), rest) = element(value, Self::NAME.rule(), range)?;
        Ok((Self { specifier, time }, rest))
    }
}

/// `ranges-specifier = npt-range | utc-range | smpte-range`, or another unit.
fn specifier(input: &str) -> Parsed<'_, RangeSpecifier<'_>> {
    let (rest, unit) = terminated(expected("a unit and \"=\"", token), symbol('=')).parse(input)?;
    let is = |name: &str| unit.eq_ignore_ascii_case(name);
    if is("npt") {
        return npt_range(rest);
    }
    if is("clock") {
        let (rest, (start, end)) = (utc_time, preceded(symbol('-'), opt(utc_time))).parse(rest)?;
        return Ok((rest, RangeSpecifier::Clock { start, end }));
    }
    if unit
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("smpte"))
    {
        let range = (smpte_time, preceded(symbol('-'), opt(smpte_time)));
        let (rest, (start, end)) = { range }.parse(rest)?;
        return Ok((
            rest,
            RangeSpecifier::Smpte {
                kind: unit,
                start,
                end,
            },
        ));
    }
    let other = take_till(|c| matches!(c, ',' | ';')).map(str::trim_ascii_end);
    other
        .map(|value| RangeSpecifier::Other { unit, value })
        .parse(rest)
}

/// `npt-range = ( npt-time "-" [ npt-time ] ) | ( "-" npt-time )`
fn npt_range(input: &str) -> Parsed<'_, RangeSpecifier<'_>> {
    let open = (npt_time.map(Some), preceded(symbol('-'), opt(npt_time)));
    let closed = preceded(symbol('-'), cut(npt_time)).map(|end| (None, Some(end)));
    let range = alt((preceded(peek(char('-')), closed), open));
    range
        .map(|(start, end)| RangeSpecifier::Npt { start, end })
        .parse(input)
}

/// `npt-time = "now" | npt-sec | npt-hhmmss`
fn npt_time(input: &str) -> Parsed<'_, NptTime> {
    let now = value(NptTime::Now, tag_no_case("now"));
    expected(
        "\"now\", seconds or hh:mm:ss",
        alt((now, npt_since.map(NptTime::At))),
    )
    .parse(input)
}

fn npt_since(input: &str) -> Parsed<'_, Duration> {
    let minutes_seconds = (
        preceded(char(':'), cut(sixty)),
        preceded(char(':'), cut(sixty)),
    );
    let time = (number::<u64>, opt(minutes_seconds), opt(fraction));
    map_res(time, |(first, rest, fraction)| {
        let seconds = match rest {
            Some((minutes, seconds)) => first
                .checked_mul(3600)
                .and_then(|hours| hours.checked_add(u64::from(minutes) * 60 + u64::from(seconds))),
            None => Some(first),
        };
        let nanoseconds = fraction.unwrap_or(0);
        seconds
            .map(|seconds| Duration::new(seconds, nanoseconds))
            .ok_or(ErrorKind::Range)
    })
    .parse(input)
}

/// `smpte-time = 1*2DIGIT ":" 1*2DIGIT ":" 1*2DIGIT [ ":" 1*2DIGIT ] [ "." 1*2DIGIT ]`
fn smpte_time(input: &str) -> Parsed<'_, SmpteTime> {
    let frames = opt(preceded(char(':'), cut(below(30))));
    let subframes = opt(preceded(char('.'), cut(below(100))));
    let (minutes, seconds) = (
        preceded(char(':'), cut(sixty)),
        preceded(char(':'), cut(sixty)),
    );
    let time = (below(100), minutes, seconds, frames, subframes).map(
        |(hours, minutes, seconds, frames, subframes)| SmpteTime {
            hours,
            minutes,
            seconds,
            frames: frames.unwrap_or(0),
            subframes: subframes.unwrap_or(0),
        },
    );
    expected("hh:mm:ss[:ff][.ss]", time).parse(input)
}

/// `utc-time = utc-date "T" utc-time "Z"`
fn utc_time(input: &str) -> Parsed<'_, UtcTime> {
    let year = map_res(fixed(4), |year: u16| in_range(year, 0..=9999));
    let field =
        |least: u8, most: u8| map_res(fixed(2), move |number: u8| in_range(number, least..=most));
    let date = (year, field(1, 12), field(1, 31));
    let clock = (field(0, 23), field(0, 59), field(0, 60), opt(fraction));
    let time = (terminated(date, tag("T")), terminated(clock, tag("Z"))).map(
        |((year, month, day), (hour, minute, second, fraction))| UtcTime {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond: fraction.unwrap_or(0),
        },
    );
    expected("YYYYMMDDThhmmss[.fraction]Z", time).parse(input)
}

/// One or two digits from 0 to 59.
fn sixty(input: &str) -> Parsed<'_, u8> {
    below(60)(input)
}

/// One or two digits below a number.
fn below(end: u8) -> impl Fn(&str) -> Parsed<'_, u8> {
    move |input| {
        let digits = take_while_m_n(1, 2, |c: char| c.is_ascii_digit());
        map_res(digits, |digits: &str| {
            in_range(digits.parse().map_err(|_| ErrorKind::Range)?, 0..=end - 1)
        })
        .parse(input)
    }
}

/// So many digits as a number.
fn fixed<N: core::str::FromStr>(length: usize) -> impl Fn(&str) -> Parsed<'_, N> {
    move |input| {
        let digits = take_while_m_n(length, length, |c: char| c.is_ascii_digit());
        map_res(digits, |digits: &str| {
            digits.parse().map_err(|_| ErrorKind::Range)
        })
        .parse(input)
    }
}

fn in_range<N: PartialOrd>(number: N, range: core::ops::RangeInclusive<N>) -> Result<N, ErrorKind> {
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(ErrorKind::Range)
    }
}

/// `"." *DIGIT` in nanoseconds.
fn fraction(input: &str) -> Parsed<'_, u32> {
    let nanoseconds = |digits: Option<&str>| {
        let digits = digits
            .unwrap_or_default()
            .bytes()
            .chain(core::iter::repeat(b'0'));
        digits
            .take(9)
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    preceded(char('.'), opt(digits))
        .map(nanoseconds)
        .parse(input)
}

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.specifier.fmt(f)?;
        match self.time {
            Some(time) => write!(f, ";time={time}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RangeSpecifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npt { start, end } => {
                f.write_str("npt=")?;
                span(f, *start, *end)
            }
            Self::Smpte { kind, start, end } => {
                write!(f, "{kind}=")?;
                span(f, Some(*start), *end)
            }
            Self::Clock { start, end } => {
                f.write_str("clock=")?;
                span(f, Some(*start), *end)
            }
            Self::Other { unit, value } => write!(f, "{unit}={value}"),
        }
    }
}

fn span<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    start: Option<T>,
    end: Option<T>,
) -> fmt::Result {
    if let Some(start) = start {
        start.fmt(f)?;
    }
    f.write_str("-")?;
    match end {
        Some(end) => end.fmt(f),
        None => Ok(()),
    }
}

/// `now`, or seconds with as many digits behind the point as are needed.
impl fmt::Display for NptTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::At(time) => {
                time.as_secs().fmt(f)?;
                write_fraction(f, time.subsec_nanos())
            }
        }
    }
}

impl fmt::Display for SmpteTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hours,
            minutes,
            seconds,
            frames,
            subframes,
        } = self;
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}")?;
        if (*frames, *subframes) != (0, 0) {
            write!(f, ":{frames:02}")?;
        }
        if *subframes != 0 {
            write!(f, ".{subframes:02}")?;
        }
        Ok(())
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
        } = self;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}"
        )?;
        write_fraction(f, *nanosecond)?;
        f.write_str("Z")
    }
}

/// A point and digits, without zeros at the end; nothing for zero.
fn write_fraction(f: &mut fmt::Formatter<'_>, nanoseconds: u32) -> fmt::Result {
    if nanoseconds == 0 {
        return Ok(());
    }
    let (mut rest, mut width) = (nanoseconds, 9);
    while rest % 10 == 0 {
        rest /= 10;
        width -= 1;
    }
    write!(f, ".{rest:0width$}")
}
