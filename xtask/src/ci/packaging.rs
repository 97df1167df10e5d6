//! Each published crate by itself: builds alone, without `std`, and is packed with what it needs.

use std::process::Command;

use anyhow::{Result, bail};

use super::dependencies::normal_tree;
use crate::workspace::{Package, cargo, output_of, packages, run, run_cargo};

/// What every published package holds.
const CONTENTS: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// Checks every published crate by itself, where no other crate can lend it a feature.
pub(super) fn alone() -> Result<()> {
    for package in published()? {
        println!("{}", package.name);
        run_cargo(&["check", "--quiet", "-p", &package.name])?;
        if !package.features.is_empty() {
            run_cargo(&[
                "check",
                "--quiet",
                "--no-default-features",
                "-p",
                &package.name,
            ])?;
        }
    }
    Ok(())
}

/// Checks that the RFC crates do without `std`.
///
/// Where a target without a standard library is installed they are compiled for it. Elsewhere the
/// same follows from three things: `#![no_std]`, under which a path into `std` does not resolve
/// when [`alone`] checks the crate without its features; no `extern crate std` outside the feature
/// `std` and tests; and no dependency with a feature `std` switched on.
pub(super) fn no_std() -> Result<()> {
    let crates: Vec<Package> = published()?.into_iter().filter(Package::is_rfc).collect();
    let mut wrong = Vec::new();
    for package in &crates {
        for entry in normal_tree(&package.name, &["--no-default-features"])? {
            if entry.features.iter().any(|feature| feature == "std") {
                wrong.push(format!(
                    "{}: {} comes with its feature std",
                    package.name, entry.name
                ));
            }
        }
        let text = std::fs::read_to_string(package.folder().join("src/lib.rs"))?;
        if let Some(problem) = links_std(&text) {
            wrong.push(format!("{}: {problem}", package.name));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    match bare_target()? {
        Some(target) => {
            println!("compiling for {target}");
            for package in &crates {
                let name = &package.name;
                run_cargo(&[
                    "check",
                    "--quiet",
                    "--no-default-features",
                    "--target",
                    &target,
                    "-p",
                    name,
                ])?;
            }
        }
        None => println!("no target without std is installed: sources and features were checked"),
    }
    Ok(())
}

/// How a crate's root may link `std` although it must not.
fn links_std(root: &str) -> Option<&'static str> {
    if !root.lines().any(|line| line == "#![no_std]") {
        return Some("src/lib.rs does not say #![no_std]");
    }
    let lines: Vec<&str> = root.lines().map(str::trim).collect();
    let unguarded = lines.iter().enumerate().any(|(index, line)| {
        let before = index
            .checked_sub(1)
            .and_then(|index| lines.get(index))
            .copied();
        let guarded = before.is_some_and(|line| {
            line.starts_with("#[cfg(")
                && (line.contains("feature = \"std\"") || line.contains("test"))
                && !line.contains("not(")
        });
        line.starts_with("extern crate std") && !guarded
    });
    unguarded.then_some("src/lib.rs links std without the feature std")
}

/// An installed target without an operating system.
fn bare_target() -> Result<Option<String>> {
    let sysroot = output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let folder = std::path::Path::new(sysroot.trim()).join("lib/rustlib");
    for entry in folder.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.contains("-none") && folder.join(&name).join("lib").is_dir() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Packs every published crate, builds it from its package, and looks for what cargo does not ask
/// for.
pub(super) fn contents() -> Result<()> {
    let published = published()?;
    let names = published
        .iter()
        .flat_map(|package| ["-p", package.name.as_str()]);
    let mut pack = cargo();
    pack.args([
        "package",
        "--quiet",
        "--locked",
        "--no-verify",
        "--allow-dirty",
    ])
    .args(names);
    run(&mut pack)?;
    let mut wrong = Vec::new();
    for package in &published {
        let mut list = cargo();
        list.args([
            "package",
            "--locked",
            "--allow-dirty",
            "--list",
            "-p",
            &package.name,
        ]);
        let packed = output_of(&mut list)?;
        for file in CONTENTS
            .iter()
            .filter(|file| packed.lines().all(|line| line != **file))
        {
            wrong.push(format!("{}: {file} is not in the package", package.name));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{} packages", published.len());
    Ok(())
}

fn published() -> Result<Vec<Package>> {
    Ok(packages()?
        .into_iter()
        .filter(Package::is_published)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::links_std;

    #[test]
    fn std_is_linked_behind_its_feature_only() {
        assert_eq!(links_std("#![no_std]\nextern crate alloc;\n"), None);
        assert_eq!(
            links_std("#![no_std]\n#[cfg(feature = \"std\")]\nextern crate std;\n"),
            None
        );
        assert_eq!(
            links_std("#![no_std]\n#[cfg(test)]\nextern crate std;\n"),
            None
        );
        assert!(links_std("#![no_std]\nextern crate std;\n").is_some());
        assert!(
            links_std("#![no_std]\n#[cfg(not(feature = \"std\"))]\nextern crate std;\n").is_some()
        );
        assert!(links_std("#![cfg_attr(not(test), no_std)]\n").is_some());
    }
}
