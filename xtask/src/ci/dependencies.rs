//! Which crate may depend on which, and the MSRV that follows from the dependencies.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::workspace::{Package, cargo, output_of, packages};

/// The arrows among the RFC crates. A crate that is not named here depends on none.
const ARROWS: &[(&str, &[&str])] = &[
    ("rfc3261-sip", &["rfc2396-uri"]),
    ("rfc3264-offer-answer", &["rfc4566-sdp", "rfc3551-avp"]),
    ("rfc3711-srtp", &["rfc3550-rtp"]),
    ("rfc2326-rtsp", &["rfc2396-uri"]),
];

/// What no RFC crate may depend on, however indirectly.
const BANNED: &[&str] = &["tokio", "clap"];

/// Checks the normal dependencies of each RFC crate, direct or not, with all features.
pub(super) fn arrows() -> Result<()> {
    let mut wrong = Vec::new();
    for package in packages()?.iter().filter(|package| package.is_rfc()) {
        let tree = normal_tree(&package.name, &["--all-features"])?;
        wrong.extend(wrong_arrows(
            &package.name,
            tree.iter().map(|entry| entry.name.as_str()),
        ));
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn wrong_arrows<'a>(package: &str, dependencies: impl Iterator<Item = &'a str>) -> Vec<String> {
    let allowed = ARROWS
        .iter()
        .find(|(from, _)| *from == package)
        .map_or(&[][..], |(_, to)| to);
    dependencies
        .filter(|name| {
            let inner = name.starts_with("rfc") && !allowed.contains(name);
            inner || name.starts_with("telephony") || BANNED.contains(name)
        })
        .map(|name| format!("{package} depends on {name}"))
        .collect()
}

/// Checks that each member declares a rust-version, none below that of a normal dependency.
pub(super) fn msrv() -> Result<()> {
    let packages = packages()?;
    let declared: BTreeMap<(&str, &str), &Package> = packages
        .iter()
        .map(|package| ((package.name.as_str(), package.version.as_str()), package))
        .collect();
    let mut wrong = Vec::new();
    for member in packages.iter().filter(|package| package.is_member()) {
        let Some(own) = &member.rust_version else {
            wrong.push(format!("{} declares no rust-version", member.name));
            continue;
        };
        for entry in normal_tree(&member.name, &["--all-features"])? {
            let dependency = declared.get(&(entry.name.as_str(), entry.version.as_str()));
            let needed = dependency.and_then(|package| package.rust_version.as_ref());
            if let Some(needed) = needed.filter(|needed| release(needed) > release(own)) {
                wrong.push(format!(
                    "{} {own}: {} needs {needed}",
                    member.name, entry.name
                ));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The numbers of a Rust release, `1.85` or `1.85.1`.
fn release(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

/// One line of `cargo tree`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) features: Vec<String>,
}

/// The normal dependencies of a package, direct and indirect, on every platform.
pub(super) fn normal_tree(package: &str, options: &[&str]) -> Result<Vec<Entry>> {
    let mut tree = cargo();
    tree.args([
        "tree", "--locked", "-p", package, "-e", "normal", "--target", "all",
    ]);
    tree.args(["--prefix", "none", "--format", "{p}|{f}", "--no-dedupe"])
        .args(options);
    Ok(output_of(&mut tree)?
        .lines()
        .skip(1)
        .filter_map(entry)
        .collect())
}

fn entry(line: &str) -> Option<Entry> {
    let (package, features) = line.split_once('|')?;
    let (name, rest) = package.split_once(" v")?;
    let version = rest.split(' ').next()?;
    Some(Entry {
        name: name.to_owned(),
        version: version.to_owned(),
        features: features
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_name_version_and_features() {
        let expected = Entry {
            name: "rfc9999-sample".to_owned(),
            version: "0.1.0".to_owned(),
            features: vec!["default".to_owned(), "std".to_owned()],
        };
        assert_eq!(
            entry("rfc9999-sample v0.1.0 (/a/b)|default,std"),
            Some(expected)
        );
        assert_eq!(
            entry("nom v8.0.0|").map(|entry| entry.features),
            Some(Vec::new())
        );
    }

    #[test]
    fn only_the_arrows_drawn_are_allowed() {
        let wrong = |package, names: &[&'static str]| wrong_arrows(package, names.iter().copied());
        assert!(wrong("rfc3261-sip", &["nom", "rfc2396-uri"]).is_empty());
        assert_eq!(
            wrong("rfc2396-uri", &["rfc3261-sip"]),
            ["rfc2396-uri depends on rfc3261-sip"]
        );
        assert_eq!(wrong("rfc5389-stun", &["tokio", "telephony-net"]).len(), 2);
    }

    #[test]
    fn releases_compare_as_numbers() {
        assert!(release("1.100") > release("1.85.1"));
        assert!(release("1.85.0") == release("1.85"));
    }
}
