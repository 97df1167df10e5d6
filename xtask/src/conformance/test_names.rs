//! The tests that exist, by the names the ledgers use.
//!
//! `crate_name::module::test` is a unit test, `crate_name::file::test` one of `tests/file.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace::{cargo, output_of};

/// The names of the tests of some packages, each with whether it is ignored.
#[derive(Debug, Default)]
pub(super) struct TestNames(BTreeMap<String, bool>);

/// The part of cargo's JSON messages that says where a test executable is.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl TestNames {
    /// Builds the tests of the packages, or of the whole workspace when asked, and lists them.
    pub(super) fn of(packages: &BTreeSet<String>, whole_workspace: bool) -> Result<Self> {
        let mut names = Self::default();
        if packages.is_empty() {
            return Ok(names);
        }
        let mut build = cargo();
        build.args(["test", "--quiet", "--no-run", "--message-format=json"]);
        if whole_workspace {
            build.arg("--workspace");
        } else {
            build.args(packages.iter().flat_map(|package| ["-p", package]));
        }
        for line in output_of(&mut build)?.lines() {
            let message: Message = serde_json::from_str(line).context("a message of cargo")?;
            if let (Some(executable), Some(target)) = (message.executable, message.target) {
                let package = message
                    .manifest_path
                    .parent()
                    .and_then(|folder| folder.file_name());
                let package = package.map(|name| name.to_string_lossy().into_owned());
                if package
                    .as_ref()
                    .is_some_and(|package| packages.contains(package))
                {
                    let package = package.unwrap_or_default().replace('-', "_");
                    names.add(&prefix(&package, &target), &executable)?;
                }
            }
        }
        Ok(names)
    }

    fn add(&mut self, prefix: &str, executable: &PathBuf) -> Result<()> {
        let list = |arguments: &[&str]| {
            output_of(
                Command::new(executable)
                    .args(["--list", "--format", "terse"])
                    .args(arguments),
            )
        };
        self.0
            .extend(listed(prefix, &list(&[])?).map(|name| (name, false)));
        self.0
            .extend(listed(prefix, &list(&["--ignored"])?).map(|name| (name, true)));
        Ok(())
    }

    /// What is wrong with a test's name, if anything.
    pub(super) fn problem_with(&self, name: &str) -> Option<&'static str> {
        match self.0.get(name) {
            None => Some("does not exist"),
            Some(true) => Some("is ignored"),
            Some(false) => None,
        }
    }
}

/// The package that a test's name belongs to.
pub(super) fn package_of(test: &str) -> String {
    test.split("::").next().unwrap_or(test).replace('_', "-")
}

/// What stands before the names of a target's tests.
fn prefix(package: &str, target: &Target) -> String {
    if target.kind.iter().any(|kind| kind == "test") {
        format!("{package}::{}::", target.name)
    } else {
        format!("{package}::")
    }
}

/// The names in a test executable's terse list.
fn listed<'a>(prefix: &'a str, output: &'a str) -> impl Iterator<Item = String> + 'a {
    output
        .lines()
        .filter_map(move |line| Some(format!("{prefix}{}", line.strip_suffix(": test")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, kind: &str) -> Target {
        Target {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
        }
    }

    #[test]
    fn names_are_prefixed_by_crate_and_file() {
        assert_eq!(
            prefix("rfc9999_sample", &target("rfc9999_sample", "lib")),
            "rfc9999_sample::"
        );
        let file = prefix("rfc9999_sample", &target("vectors", "test"));
        let names: Vec<String> = listed(&file, "a::b: test\nslow: benchmark\n").collect();
        assert_eq!(names, ["rfc9999_sample::vectors::a::b"]);
        assert_eq!(package_of(&names[0]), "rfc9999-sample");
    }

    #[test]
    fn only_a_running_test_proves_something() {
        let names = TestNames(BTreeMap::from([
            ("a".to_owned(), false),
            ("b".to_owned(), true),
        ]));
        assert_eq!(names.problem_with("a"), None);
        assert_eq!(names.problem_with("b"), Some("is ignored"));
        assert_eq!(names.problem_with("c"), Some("does not exist"));
    }
}
