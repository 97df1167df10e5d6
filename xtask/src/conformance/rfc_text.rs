//! The requirement keywords of an RFC's text, each with its section and its ordinal there.
//!
//! The plain text form of an RFC is read as it is published: page footers and headers are dropped,
//! sections are found by their headings at the left margin, the table of contents and the sentence
//! that introduces the keywords (RFC 2119 §1) are passed over.

use super::ledger::Level;

/// Which spelling of the keywords counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Spelling {
    /// MUST, MUST NOT, SHALL, SHALL NOT, REQUIRED.
    #[default]
    Upper,
    /// must, must not, shall, shall not: for RFCs written without RFC 2119.
    Lower,
}

/// One keyword of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keyword {
    /// The section's number, empty before the first heading.
    pub(super) section: String,
    /// From 1, among the keywords of the section's own text.
    pub(super) ordinal: u32,
    pub(super) level: Level,
    /// The words around it, for `--list` only.
    pub(super) context: String,
}

/// Every keyword of the text, in order.
pub(super) fn keywords(text: &str, spelling: Spelling) -> Vec<Keyword> {
    sections(text)
        .iter()
        .flat_map(|section| section.keywords(spelling))
        .collect()
}

/// A section's own text, without its subsections.
#[derive(Debug)]
struct Section {
    number: String,
    words: Vec<String>,
}

impl Section {
    fn keywords(&self, spelling: Spelling) -> Vec<Keyword> {
        let introduction = boilerplate(&self.words);
        let mut found: Vec<Keyword> = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            if introduction.contains(&index) {
                continue;
            }
            // `and/or` constructions such as MUST/SHALL are two keywords.
            for part in word.split('/') {
                let negated = self
                    .words
                    .get(index + 1)
                    .is_some_and(|next| bare(next) == spelling.not());
                if let Some(level) = spelling.level(bare(part), negated) {
                    let from = index.saturating_sub(6);
                    let to = (index + 9).min(self.words.len());
                    found.push(Keyword {
                        section: self.number.clone(),
                        ordinal: u32::try_from(found.len() + 1).unwrap_or(u32::MAX),
                        level,
                        context: self.words[from..to].join(" "),
                    });
                }
            }
        }
        found
    }
}

impl Spelling {
    fn not(self) -> &'static str {
        match self {
            Self::Upper => "NOT",
            Self::Lower => "not",
        }
    }

    fn level(self, word: &str, negated: bool) -> Option<Level> {
        match (self, word, negated) {
            (Self::Upper, "MUST", false) | (Self::Lower, "must", false) => Some(Level::Must),
            (Self::Upper, "MUST", true) | (Self::Lower, "must", true) => Some(Level::MustNot),
            (Self::Upper, "SHALL", false) | (Self::Lower, "shall", false) => Some(Level::Shall),
            (Self::Upper, "SHALL", true) | (Self::Lower, "shall", true) => Some(Level::ShallNot),
            (Self::Upper, "REQUIRED", _) => Some(Level::Required),
            _ => None,
        }
    }
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The words of the sentence which says that the keywords are those of RFC 2119.
fn boilerplate(words: &[String]) -> std::ops::Range<usize> {
    let Some(start) = words.windows(3).position(|window| {
        let key_words = window[0].eq_ignore_ascii_case("key") && window[1].starts_with("words");
        let keywords = window[1].eq_ignore_ascii_case("keywords");
        (key_words || keywords) && window[2].contains("MUST")
    }) else {
        return 0..0;
    };
    let interpreted = words[start..]
        .iter()
        .position(|word| bare(word) == "interpreted");
    let end = interpreted.and_then(|from| {
        let from = start + from;
        words[from..]
            .iter()
            .position(|word| word.ends_with('.'))
            .map(|length| from + length + 1)
    });
    start..end.unwrap_or(words.len())
}

/// Splits the text at its headings. The first section, before every heading, has no number.
fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section {
        number: String::new(),
        words: Vec::new(),
    }];
    let mut current: Option<Number> = None;
    let mut contents = false;
    for line in text.lines().filter(|line| !is_page_furniture(line)) {
        if line.trim().eq_ignore_ascii_case("table of contents") {
            contents = true;
            continue;
        }
        if let Some(number) = heading(line).filter(|number| number.follows(current.as_ref())) {
            contents = false;
            sections.push(Section {
                number: number.to_string(),
                words: Vec::new(),
            });
            current = Some(number);
        } else if let Some(section) = sections.last_mut().filter(|_| !contents) {
            section
                .words
                .extend(line.split_whitespace().map(str::to_owned));
        }
    }
    sections
}

/// Whether the line is a page's footer or header.
fn is_page_furniture(line: &str) -> bool {
    let line = line.trim_matches(|c: char| c == '\x0c' || c.is_whitespace());
    let footer = line.ends_with(']') && line.contains("[Page ");
    let header = line.starts_with("RFC ")
        && line.contains("   ")
        && line.len() >= 60
        && line
            .rsplit(' ')
            .next()
            .is_some_and(|year| year.len() == 4 && is_decimal(year));
    footer || header
}

/// The number of a section or of an appendix, `A` being 1 in its first part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    appendix: bool,
    parts: Vec<u32>,
}

impl Number {
    fn parse(label: &str) -> Option<Self> {
        let mut parts = label.split('.');
        let first = parts.next()?;
        let (appendix, first) = match first.as_bytes() {
            [letter @ b'A'..=b'Z'] => (true, u32::from(letter - b'A') + 1),
            _ => (false, decimal(first)?),
        };
        let mut numbers = vec![first];
        for part in parts {
            numbers.push(decimal(part)?);
        }
        Some(Self {
            appendix,
            parts: numbers,
        })
    }

    /// Whether a section of this number may come next: the first child, or the next sibling of the
    /// section before or of one that encloses it. Lists and tables at the margin fail this.
    fn follows(&self, before: Option<&Self>) -> bool {
        let Some(before) = before else {
            return !self.appendix && matches!(self.parts.as_slice(), [0 | 1]);
        };
        if self.appendix != before.appendix {
            return self.appendix && self.parts == [1];
        }
        let Some((last, parents)) = self.parts.split_last() else {
            return false;
        };
        if !before.parts.starts_with(parents) {
            return false;
        }
        match before.parts.get(parents.len()) {
            Some(sibling) => *last == sibling + 1,
            None => *last <= 1,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            match (index, self.appendix) {
                (0, true) => {
                    let letter =
                        u8::try_from(*part).map_or('?', |part| char::from(b'A' + part - 1));
                    write!(f, "{letter}")?;
                }
                (0, false) => write!(f, "{part}")?,
                _ => write!(f, ".{part}")?,
            }
        }
        Ok(())
    }
}

/// The section number of a heading at the left margin; entries of a table of contents are none.
fn heading(line: &str) -> Option<Number> {
    let line = line.trim_end();
    let (labelled, rest) = match line.get(..9) {
        Some(prefix) if prefix.eq_ignore_ascii_case("appendix ") => (true, line.get(9..)?),
        _ => (false, line),
    };
    let (label, title) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let title = title.trim_start();
    if (title.is_empty() && !labelled) || ends_with_page(title) {
        return None;
    }
    Number::parse(label.trim_end_matches(['.', ':']))
}

fn ends_with_page(title: &str) -> bool {
    let before = title.trim_end_matches(|c: char| c.is_ascii_digit());
    let leader = before.trim_end();
    let led = before.ends_with("  ") || leader.ends_with("..") || leader.ends_with(". .");
    before.len() < title.len() && led
}

fn decimal(text: &str) -> Option<u32> {
    if is_decimal(text) {
        text.parse().ok()
    } else {
        None
    }
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
                         A Sample of a Specification

Abstract

   Nothing here MUST count twice.

Table of Contents

   1. Introduction ................................ 1
   2. What a sender MUST do ....................... 2
2.  Also at the margin  . . . . . . . . . . . . . . 2

1. Introduction

   The key words \"MUST\", \"MUST NOT\", \"REQUIRED\", \"SHALL\" in this
   document are to be interpreted as described in RFC 2119 [1]. Readers
   MUST be awake.

Nobody                   Standards Track                        [Page 1]
\x0c
RFC 9999                A Sample of a Specification        January 2026

2. Sending

   A sender MUST\x20

Nobody                   Standards Track                        [Page 2]
\x0c
RFC 9999                A Sample of a Specification        January 2026

   NOT sleep. It is REQUIRED to be polite: it (SHALL) greet and it must
   wave.
7 entries at the margin MUST stay in this section.

2.1. Greeting

   A greeting SHALL NOT be shouted; MUST-HAVE is a name.

Appendix A.  Examples

   One shall see.  None of them MUST be copied.

A.1 More

   They MUST/SHALL differ.
";

    fn found(spelling: Spelling) -> Vec<(String, u32, Level)> {
        keywords(SAMPLE, spelling)
            .into_iter()
            .map(|keyword| (keyword.section, keyword.ordinal, keyword.level))
            .collect()
    }

    #[test]
    fn keywords_have_their_section_and_ordinal() {
        let expected = [
            ("", 1, Level::Must),
            ("1", 1, Level::Must),
            ("2", 1, Level::MustNot),
            ("2", 2, Level::Required),
            ("2", 3, Level::Shall),
            ("2", 4, Level::Must),
            ("2.1", 1, Level::ShallNot),
            ("A", 1, Level::Must),
            ("A.1", 1, Level::Must),
            ("A.1", 2, Level::Shall),
        ];
        assert_eq!(
            found(Spelling::Upper),
            expected.map(|(s, o, l)| (s.to_owned(), o, l))
        );
    }

    #[test]
    fn lower_case_is_counted_only_when_asked() {
        let expected = [("2", 1, Level::Must), ("A", 1, Level::Shall)];
        assert_eq!(
            found(Spelling::Lower),
            expected.map(|(s, o, l)| (s.to_owned(), o, l))
        );
    }

    #[test]
    fn context_is_the_words_around() {
        let all = keywords(SAMPLE, Spelling::Upper);
        assert_eq!(
            all[2].context,
            "A sender MUST NOT sleep. It is REQUIRED to be polite:"
        );
    }

    #[test]
    fn a_number_follows_its_predecessor_only() {
        let number = |label| Number::parse(label).unwrap();
        let follows = |next, before| number(next).follows(Some(&number(before)));
        assert!(follows("2", "1.3.1"));
        assert!(follows("1.4", "1.3.1"));
        assert!(follows("1.3.1.1", "1.3.1"));
        assert!(follows("A", "12.2"));
        assert!(follows("B", "A.8"));
        assert!(!follows("1.5", "1.3.1"));
        assert!(!follows("1.3", "1.3.1"));
        assert!(!follows("3", "B"));
        assert!(!follows("4.1", "3"));
    }
}
