//! The grammar of event lists (RFC 4733 §2.4.1).
//!
//! ```abnf
//! event-list = element *("," element)
//! element    = code ["-" code]
//! code       = 1*DIGIT               ; 0 to 255, the second above the first
//! ```

use nom::bytes::complete::tag;
use nom::character::complete::digit1;
use nom::combinator::{all_consuming, cut, map_res, opt};
use nom::error::{ErrorKind as NomKind, FromExternalError, ParseError as NomError};
use nom::multi::fold_many0;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::{ErrorKind, Event, EventSet, ParseError};

/// Where and why a rule failed.
struct Failure<'a> {
    rest: &'a str,
    kind: ErrorKind,
}

impl<'a> NomError<&'a str> for Failure<'a> {
    fn from_error_kind(rest: &'a str, _: NomKind) -> Self {
        Self {
            rest,
            kind: ErrorKind::EventList,
        }
    }

    fn append(_: &'a str, _: NomKind, first: Self) -> Self {
        first
    }
}

impl<'a> FromExternalError<&'a str, ErrorKind> for Failure<'a> {
    fn from_external_error(rest: &'a str, _: NomKind, kind: ErrorKind) -> Self {
        Self { rest, kind }
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Failure<'a>>;

/// The whole of `list` as `event-list`.
pub(crate) fn event_list(list: &str) -> Result<EventSet, ParseError> {
    match all_consuming(elements).parse(list) {
        Ok((_, set)) => Ok(set),
        Err(nom::Err::Error(failure) | nom::Err::Failure(failure)) => Err(ParseError::new(
            failure.kind,
            list.len() - failure.rest.len(),
        )),
        Err(nom::Err::Incomplete(_)) => Err(ParseError::new(ErrorKind::EventList, list.len())),
    }
}

fn elements(input: &str) -> Parsed<'_, EventSet> {
    let (input, first) = element(input)?;
    let with = |mut set: EventSet, (first, last): (u8, u8)| {
        (first..=last)
            .map(Event::new)
            .for_each(|event| set.insert(event));
        set
    };
    let first = with(EventSet::EMPTY, first);
    fold_many0(preceded(tag(","), cut(element)), move || first, with).parse(input)
}

fn element(input: &str) -> Parsed<'_, (u8, u8)> {
    map_res(
        (code, opt(preceded(tag("-"), cut(code)))),
        |(first, last)| match last {
            Some(last) if last <= first => Err(ErrorKind::EventRange),
            _ => Ok((first, last.unwrap_or(first))),
        },
    )
    .parse(input)
}

fn code(input: &str) -> Parsed<'_, u8> {
    map_res(digit1, |digits: &str| {
        digits.parse().map_err(|_| ErrorKind::EventCode)
    })
    .parse(input)
}
