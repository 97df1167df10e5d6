//! The `t=`, `r=` and `z=` lines (RFC 8866 §5.9 to §5.11).

use alloc::vec::Vec;

use nom::Parser;
use nom::character::complete::{char, one_of};
use nom::combinator::{opt, recognize};
use nom::multi::many1_count;
use nom::sequence::preceded;

use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::{Parsed, named, number, sp, whole};
use crate::line::{Line, LineType};
use crate::section::Section;
use crate::text::Text;
use crate::write::put;

static START: Rule = Rule {
    field: "time",
    expected: "start-time in seconds since 1900, or 0",
    section: "RFC 8866 §5.9",
};
static STOP: Rule = Rule {
    field: "time",
    expected: "a space and stop-time, then the end of the line",
    section: "RFC 8866 §5.9",
};
static INTERVAL: Rule = Rule {
    field: "repeat",
    expected: "a repeat interval",
    section: "RFC 8866 §5.10",
};
static DURATION: Rule = Rule {
    field: "repeat",
    expected: "a space and an active duration",
    section: "RFC 8866 §5.10",
};
static OFFSET: Rule = Rule {
    field: "repeat",
    expected: "a space and an offset from the start",
    section: "RFC 8866 §5.10",
};
static ADJUSTMENT: Rule = Rule {
    field: "zone adjustment",
    expected: "pairs of a time and an offset",
    section: "RFC 8866 §5.11",
};

/// Seconds between 1900, where SDP's times begin, and 1970, where Unix's do.
const UNIX_EPOCH: u64 = 2_208_988_800;

/// A `t=` line: when the session is active, in seconds since 1900. They do not wrap in 2036.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Time {
    /// When it begins; 0 is permanent, if `stop` is 0 too.
    pub start: u64,
    /// When it ends; 0 is never.
    pub stop: u64,
}

/// An `r=` line: how often, how long, and at which offsets a session repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Repeat<'a> {
    /// From one repetition to the next.
    pub interval: TypedTime,
    /// How long each lasts.
    pub duration: TypedTime,
    offsets: Text<'a>,
}

/// A span of time: a number and the unit it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypedTime {
    /// The number, in units; negative only in zone adjustments.
    pub value: i64,
    /// The unit; `None` where it is not written, which means seconds.
    pub unit: Option<TimeUnit>,
}

/// The units of a typed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// `d`
    Days,
    /// `h`
    Hours,
    /// `m`
    Minutes,
    /// `s`
    Seconds,
}

/// The `t=` lines of a session, each with the lines that belong to it.
#[derive(Clone, Debug)]
pub struct Times<'a> {
    section: Section<'a>,
    next: usize,
}

/// A `t=` line with its `r=` lines and, after them, `z=`.
#[derive(Clone, Copy, Debug)]
pub struct TimeDescription<'a> {
    line: Line<'a>,
    section: Section<'a>,
}

/// A `z=` line: at which times the time base moves, and how far from the original one.
#[derive(Clone, Copy, Debug)]
pub struct Zones<'a> {
    value: Text<'a>,
    offset: usize,
}

/// One pair of a `z=` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ZoneAdjustment {
    /// When, in seconds since 1900.
    pub time: u64,
    /// How far from the original time base from then on.
    pub offset: TypedTime,
}

impl Time {
    /// Not bounded at either side: `0 0`, as in every call.
    pub const PERMANENT: Self = Self { start: 0, stop: 0 };

    /// Reads the value of a `t=` line.
    pub fn parse(value: Text<'_>) -> Result<Self, ParseError> {
        let fields = (
            named(&START, number::<u64>),
            named(&STOP, preceded(sp, number::<u64>)),
        );
        whole(
            value,
            &STOP,
            fields.map(|(start, stop)| Self { start, stop }),
        )
    }

    /// Seconds since 1970 of the beginning, unless it is unbounded or before that.
    pub const fn start_unix(&self) -> Option<u64> {
        self.start.checked_sub(UNIX_EPOCH)
    }

    /// Seconds since 1970 of the end, unless it is unbounded or before that.
    pub const fn stop_unix(&self) -> Option<u64> {
        self.stop.checked_sub(UNIX_EPOCH)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put::number(out, self.start);
        out.push(b' ');
        put::number(out, self.stop);
    }
}

impl<'a> Repeat<'a> {
    /// Reads the value of an `r=` line.
    pub fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &OFFSET, repeat_field)
    }

    /// The offsets from the start time, at least one.
    pub fn offsets(&self) -> impl Iterator<Item = TypedTime> + use<'a> {
        self.offsets
            .as_bytes()
            .split(|byte| byte.is_ascii_whitespace())
            .filter_map(|text| typed_time(text).ok())
            .map(|(_, time)| time)
    }
}

impl TypedTime {
    /// In seconds; `None` if that exceeds 64 bits.
    pub const fn seconds(&self) -> Option<i64> {
        let unit = match self.unit {
            None | Some(TimeUnit::Seconds) => 1,
            Some(TimeUnit::Minutes) => 60,
            Some(TimeUnit::Hours) => 3600,
            Some(TimeUnit::Days) => 86400,
        };
        self.value.checked_mul(unit)
    }
}

impl<'a> Times<'a> {
    pub(crate) const fn new(section: Section<'a>) -> Self {
        Self { section, next: 0 }
    }
}

impl<'a> Iterator for Times<'a> {
    type Item = TimeDescription<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (position, line) = self
            .section
            .lines()
            .enumerate()
            .skip(self.next)
            .find(|(_, line)| line.line_type() == LineType::TIME)?;
        self.next = position + 1;
        Some(TimeDescription {
            line,
            section: self.section.after(position + 1),
        })
    }
}

impl<'a> TimeDescription<'a> {
    /// Start and stop.
    pub fn time(&self) -> Result<Time, ParseError> {
        Time::parse(self.line.value()).map_err(|error| error.shifted(self.line.value_offset()))
    }

    /// The `r=` lines that follow this `t=`.
    pub fn repeats(&self) -> impl Iterator<Item = Result<Repeat<'a>, ParseError>> + use<'a> {
        self.own_lines()
            .filter(|line| line.line_type() == LineType::REPEAT)
            .map(|line| {
                Repeat::parse(line.value()).map_err(|error| error.shifted(line.value_offset()))
            })
    }

    /// The `z=` line that follows them.
    pub fn zones(&self) -> Option<Zones<'a>> {
        let line = self
            .own_lines()
            .find(|line| line.line_type() == LineType::ZONE)?;
        Some(Zones::new(line.value(), line.value_offset()))
    }

    fn own_lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        self.section
            .lines()
            .take_while(|line| line.line_type() != LineType::TIME)
    }
}

impl<'a> Zones<'a> {
    pub(crate) const fn new(value: Text<'a>, offset: usize) -> Self {
        Self { value, offset }
    }

    /// The pairs in order; ends after the first that cannot be read.
    pub fn adjustments(
        &self,
    ) -> impl Iterator<Item = Result<ZoneAdjustment, ParseError>> + use<'a> {
        let (value, offset) = (self.value.as_bytes(), self.offset);
        let mut rest = value;
        core::iter::from_fn(move || {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return None;
            }
            Some(match adjustment(rest) {
                Ok((remaining, adjustment)) => {
                    rest = remaining;
                    Ok(adjustment)
                }
                Err(_) => {
                    let at = offset + (value.len() - rest.len());
                    rest = &[];
                    Err(ParseError::new(ErrorKind::Syntax, at, &ADJUSTMENT))
                }
            })
        })
    }
}

/// `repeat-interval SP typed-time 1*(SP typed-time)`
fn repeat_field(input: &[u8]) -> Parsed<'_, Repeat<'_>> {
    let (input, interval) = named(&INTERVAL, typed_time).parse(input)?;
    let (input, duration) = named(&DURATION, preceded(sp, typed_time)).parse(input)?;
    let offsets = recognize(many1_count(preceded(sp, typed_time)));
    let (input, offsets) = named(&OFFSET, offsets).parse(input)?;
    Ok((
        input,
        Repeat {
            interval,
            duration,
            offsets: Text::new(offsets),
        },
    ))
}

/// `1*DIGIT [fixed-len-time-unit]`
fn typed_time(input: &[u8]) -> Parsed<'_, TypedTime> {
    (number::<i64>, opt(one_of("dhms")))
        .map(|(value, unit)| TypedTime {
            value,
            unit: unit.map(|letter| match letter {
                'd' => TimeUnit::Days,
                'h' => TimeUnit::Hours,
                'm' => TimeUnit::Minutes,
                _ => TimeUnit::Seconds,
            }),
        })
        .parse(input)
}

/// `time SP ["-"] typed-time`
fn adjustment(input: &[u8]) -> Parsed<'_, ZoneAdjustment> {
    (number::<u64>, sp, opt(char('-')), typed_time)
        .map(|(time, (), minus, offset)| ZoneAdjustment {
            time,
            offset: TypedTime {
                value: if minus.is_some() {
                    -offset.value
                } else {
                    offset.value
                },
                ..offset
            },
        })
        .parse(input)
}
