//! `cargo xtask conformance`: checks the ledgers against the tests and the RFCs' texts.

mod ledger;
mod report;
mod rfc_text;
mod test_names;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::root;
use ledger::Ledger;
use rfc_text::{Keyword, Spelling};
use test_names::{TestNames, package_of};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Check these RFCs only, and leave docs/conformance.md alone.
    rfc: Vec<u32>,
    /// The folder of the RFCs' texts, rfcNNNN.txt.
    #[arg(long)]
    pub(crate) rfc_dir: Option<PathBuf>,
    /// Print the keywords of this RFC's text instead: section, ordinal, level, context.
    #[arg(long, value_name = "RFC", requires = "rfc_dir")]
    list: Option<u32>,
    /// With --list: the lower-case keywords.
    #[arg(long, requires = "list")]
    lower: bool,
    /// Fail when docs/conformance.md is not up to date, instead of writing it.
    #[arg(long)]
    pub(crate) check: bool,
    /// Build the tests of the whole workspace, as CI does, not only those of the crates named.
    #[arg(long)]
    pub(crate) workspace: bool,
}

impl Options {
    /// What CI checks: every ledger, with the RFCs' texts where they are at hand.
    pub(crate) fn for_ci(rfc_dir: Option<PathBuf>) -> Self {
        Self {
            rfc: Vec::new(),
            rfc_dir,
            list: None,
            lower: false,
            check: true,
            workspace: true,
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if let (Some(rfc), Some(folder)) = (options.list, &options.rfc_dir) {
        return list(
            rfc,
            folder,
            if options.lower {
                Spelling::Lower
            } else {
                Spelling::Upper
            },
        );
    }
    let ledgers = read_ledgers(&options.rfc)?;
    let problems = problems(&ledgers, options)?;
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems in the conformance ledgers", problems.len());
    }
    let total: usize = ledgers.iter().map(|ledger| ledger.requirements.len()).sum();
    println!("{} ledgers, {total} requirements: in order", ledgers.len());
    if options.rfc.is_empty() {
        report(&ledgers, options.check)
    } else {
        Ok(())
    }
}

/// The ledgers of these RFCs, or all, in the order of their numbers.
fn read_ledgers(wanted: &[u32]) -> Result<Vec<Ledger>> {
    let folder = root().join("docs/conformance");
    let mut ledgers = Vec::new();
    for entry in folder
        .read_dir()
        .with_context(|| folder.display().to_string())?
    {
        let path = entry?.path();
        let file = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let number = file
            .strip_prefix("rfc")
            .and_then(|number| number.parse().ok());
        if wanted.is_empty() || number.is_some_and(|number| wanted.contains(&number)) {
            ledgers.push(Ledger::read(&path)?);
        }
    }
    ledgers.sort_by_key(|ledger| ledger.rfc);
    if let Some(rfc) = wanted
        .iter()
        .find(|rfc| ledgers.iter().all(|ledger| ledger.rfc != **rfc))
    {
        bail!("there is no ledger of RFC {rfc}");
    }
    Ok(ledgers)
}

/// Everything that is wrong, one line each.
fn problems(ledgers: &[Ledger], options: &Options) -> Result<Vec<String>> {
    let named = |ledger: &Ledger| {
        let tests = ledger
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.tests);
        tests.map(|test| package_of(test)).collect::<Vec<_>>()
    };
    let known: BTreeSet<String> = folders("crates")?;
    let packages: BTreeSet<String> = ledgers.iter().flat_map(named).collect();
    let packages = packages.intersection(&known).cloned().collect();
    let tests = TestNames::of(&packages, options.workspace)?;

    let mut problems = Vec::new();
    for ledger in ledgers {
        let mut found = ledger.inconsistencies();
        for requirement in &ledger.requirements {
            for test in &requirement.tests {
                if let Some(problem) = tests.problem_with(test) {
                    found.push(format!("{requirement}: test {test} {problem}"));
                }
            }
        }
        if let Some(folder) = &options.rfc_dir {
            found.extend(ledger.differences(&read_keywords(ledger.rfc, folder, ledger.keywords)?));
        }
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("RFC {} {problem}", ledger.rfc)),
        );
    }
    Ok(problems)
}

fn folders(of: &str) -> Result<BTreeSet<String>> {
    let entries = root().join(of).read_dir().with_context(|| of.to_owned())?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn read_keywords(rfc: u32, folder: &Path, spelling: Spelling) -> Result<Vec<Keyword>> {
    let path = folder.join(format!("rfc{rfc}.txt"));
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(rfc_text::keywords(
        &String::from_utf8_lossy(&bytes),
        spelling,
    ))
}

fn list(rfc: u32, folder: &Path, spelling: Spelling) -> Result<()> {
    let keywords = read_keywords(rfc, folder, spelling)?;
    for Keyword {
        section,
        ordinal,
        level,
        context,
    } in &keywords
    {
        println!("{section:8} {ordinal:3}  {level:9}  {context}");
    }
    eprintln!("{} keywords", keywords.len());
    Ok(())
}

/// Writes `docs/conformance.md`, or checks it; in both cases the ratchet holds.
fn report(ledgers: &[Ledger], check: bool) -> Result<()> {
    let path = root().join("docs/conformance.md");
    let new = report::render(ledgers);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let mut slips = report::slips(&written, &new);
    // An edit of the report by hand shows against the commits.
    for revision in ["HEAD", "HEAD^"] {
        slips.extend(report::slips(
            &committed(revision).unwrap_or_default(),
            &new,
        ));
    }
    slips.dedup();
    if !slips.is_empty() {
        bail!("requirements slipped back to todo: {}", slips.join("; "));
    }
    if new == written {
        return Ok(());
    }
    if check {
        bail!("docs/conformance.md is out of date: run `cargo xtask conformance`");
    }
    std::fs::write(&path, new).with_context(|| path.display().to_string())
}

/// The report as committed; nothing where there is no such commit or no git.
fn committed(revision: &str) -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(root())
        .args(["show", &format!("{revision}:docs/conformance.md")]);
    let output = git.stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()
}
