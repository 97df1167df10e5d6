//! One ledger: `docs/conformance/rfcNNNN.toml`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::rfc_text::{Keyword, Spelling};

/// The requirements of one RFC and what became of each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    pub(super) rfc: u32,
    pub(super) title: String,
    /// The sections in scope, each with its subsections; absent: all of them.
    pub(super) sections: Option<Vec<String>>,
    #[serde(default)]
    pub(super) keywords: Spelling,
    #[serde(default, rename = "requirement")]
    pub(super) requirements: Vec<Requirement>,
}

/// One keyword of the RFC's text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement {
    pub(super) section: String,
    pub(super) ordinal: u32,
    pub(super) level: Level,
    pub(super) summary: String,
    pub(super) state: State,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) tests: Vec<String>,
}

/// The strength of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Level {
    #[serde(rename = "MUST")]
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    #[serde(rename = "SHALL")]
    Shall,
    #[serde(rename = "SHALL NOT")]
    ShallNot,
    #[serde(rename = "REQUIRED")]
    Required,
}

/// How far a requirement is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// The named tests show it.
    Tested,
    /// The types leave no way to break it.
    ByType,
    /// It binds somebody else.
    NotApplicable,
    /// Not met, or not shown yet.
    Todo,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Shall => "SHALL",
            Self::ShallNot => "SHALL NOT",
            Self::Required => "REQUIRED",
        })
    }
}

impl Ledger {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let ledger: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let expected = format!("rfc{}.toml", ledger.rfc);
        anyhow::ensure!(
            path.file_name()
                .is_some_and(|name| name == expected.as_str()),
            "{}: the file of RFC {} is named {expected}",
            path.display(),
            ledger.rfc
        );
        Ok(ledger)
    }

    /// How many requirements are in the state.
    pub(super) fn count(&self, state: State) -> usize {
        self.requirements
            .iter()
            .filter(|requirement| requirement.state == state)
            .count()
    }

    /// Whether the section, or one that encloses it, is in scope.
    pub(super) fn covers(&self, section: &str) -> bool {
        self.sections.as_ref().is_none_or(|sections| {
            sections.iter().any(|scope| {
                section
                    .strip_prefix(scope.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        })
    }

    /// What is wrong with the ledger in itself: fields that contradict each other, entries twice.
    pub(super) fn inconsistencies(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        for requirement in &self.requirements {
            let mut problem = |text: &str| problems.push(format!("{requirement}: {text}"));
            if !seen.insert((&requirement.section, requirement.ordinal)) {
                problem("is listed twice");
            }
            if !self.covers(&requirement.section) {
                problem("is out of the ledger's own `sections`");
            }
            if requirement.summary.trim().is_empty() {
                problem("has no summary");
            }
            match requirement.state {
                State::Tested if requirement.tests.is_empty() => problem("is tested by no test"),
                State::Tested => {}
                _ if requirement.reason.trim().is_empty() => problem("has no reason"),
                _ => {}
            }
        }
        problems
    }

    /// Where the ledger and the keywords of the RFC's text differ.
    pub(super) fn differences(&self, keywords: &[Keyword]) -> Vec<String> {
        let mut problems = Vec::new();
        for keyword in keywords
            .iter()
            .filter(|keyword| self.covers(&keyword.section))
        {
            let entry = self.requirements.iter().find(|requirement| {
                requirement.section == keyword.section && requirement.ordinal == keyword.ordinal
            });
            let place = format!(
                "§{} {} ({})",
                keyword.section, keyword.ordinal, keyword.level
            );
            match entry {
                None => problems.push(format!("{place}: is missing")),
                Some(entry) if entry.level != keyword.level => {
                    problems.push(format!("{entry}: the text says {}", keyword.level));
                }
                Some(_) => {}
            }
        }
        for requirement in &self.requirements {
            let exists = keywords.iter().any(|keyword| {
                requirement.section == keyword.section && requirement.ordinal == keyword.ordinal
            });
            if !exists {
                problems.push(format!("{requirement}: is not in the text"));
            }
        }
        problems
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "§{} {} ({})", self.section, self.ordinal, self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        rfc = 9999
        title = "A sample"
        sections = ["2", "A.1"]
        [[requirement]]
        section = "2"
        ordinal = 1
        level = "MUST NOT"
        summary = "a sender stays awake"
        state = "tested"
        tests = ["sample::tests::awake"]
        [[requirement]]
        section = "2.1"
        ordinal = 1
        level = "SHALL"
        summary = "greet"
        state = "todo"
        reason = "later"
    "#;

    fn keyword(section: &str, ordinal: u32, level: Level) -> Keyword {
        Keyword {
            section: section.to_owned(),
            ordinal,
            level,
            context: String::new(),
        }
    }

    #[test]
    fn scope_includes_subsections_and_nothing_else() {
        let ledger: Ledger = toml::from_str(SAMPLE).unwrap();
        assert!(ledger.covers("2") && ledger.covers("2.1.4") && ledger.covers("A.1"));
        assert!(!ledger.covers("20") && !ledger.covers("A.10") && !ledger.covers("A"));
    }

    #[test]
    fn a_consistent_ledger_has_no_problems() {
        let ledger: Ledger = toml::from_str(SAMPLE).unwrap();
        assert_eq!(ledger.inconsistencies(), Vec::<String>::new());
        assert_eq!(ledger.count(State::Todo), 1);
    }

    #[test]
    fn missing_invented_and_mistaken_entries_are_found() {
        let ledger: Ledger = toml::from_str(SAMPLE).unwrap();
        let text = [
            keyword("1", 1, Level::Must),
            keyword("2", 1, Level::Must),
            keyword("2", 2, Level::Required),
        ];
        assert_eq!(
            ledger.differences(&text),
            [
                "§2 1 (MUST NOT): the text says MUST",
                "§2 2 (REQUIRED): is missing",
                "§2.1 1 (SHALL): is not in the text"
            ]
        );
    }

    #[test]
    fn contradicting_fields_are_found() {
        let text = SAMPLE
            .replace("tests = [\"sample::tests::awake\"]", "")
            .replace("reason = \"later\"", "")
            .replace("\"2.1\"", "\"3\"");
        let ledger: Ledger = toml::from_str(&text).unwrap();
        assert_eq!(
            ledger.inconsistencies(),
            [
                "§2 1 (MUST NOT): is tested by no test",
                "§3 1 (SHALL): is out of the ledger's own `sections`",
                "§3 1 (SHALL): has no reason"
            ]
        );
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(toml::from_str::<Ledger>(&SAMPLE.replace("state", "status")).is_err());
    }
}
