//! What a compiler does not check: the look of source files, and that nothing names a machine.

use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace::{output_of, root};

/// Checks every file that git knows.
pub(super) fn check() -> Result<()> {
    let mut git = std::process::Command::new("git");
    git.current_dir(root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let list = output_of(&mut git)?;
    let mut breaches = Vec::new();
    for name in list.split_terminator('\0') {
        // Captures and packets are no text, and what was deleted is no file.
        if let Ok(text) = std::fs::read_to_string(root().join(name)) {
            breaches.extend(breaches_in(name, &text));
        }
    }
    if !breaches.is_empty() {
        bail!("{}", breaches.join("\n"));
    }
    Ok(())
}

/// The rules that the file breaks, one line each.
fn breaches_in(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let path = Path::new(name);
    let source = path.extension().is_some_and(|extension| extension == "rs");
    let in_src = path
        .components()
        .any(|component| component.as_os_str() == "src");
    // In `tests` it is how cargo tells a shared module from a test.
    if in_src && path.file_name().is_some_and(|file| file == "mod.rs") {
        breaches.push(format!(
            "{name}: a module's file is named after it, not mod.rs"
        ));
    }
    if source && in_src && !introduces_itself(text) {
        breaches.push(format!(
            "{name}: the first line says what the file is (`//!`)"
        ));
    }
    for (index, line) in text.lines().enumerate() {
        if names_machine(line) {
            breaches.push(format!("{name}:{}: a path of one machine", index + 1));
        }
    }
    breaches
}

/// A crate's front page may be its README.
fn introduces_itself(text: &str) -> bool {
    text.starts_with("//! ") || text.starts_with("#![doc = include_str!(")
}

/// Whether the line holds an absolute path of somebody's checkout or home.
fn names_machine(line: &str) -> bool {
    ["work", "root", "home"].iter().any(|folder| {
        line.match_indices(&format!("/{folder}/")).any(|(at, _)| {
            // Within a URI or a longer path the folder is not the machine's.
            line[..at]
                .chars()
                .next_back()
                .is_none_or(|before| " \"'`(<=:,[".contains(before))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_introduce_themselves() {
        assert_eq!(
            breaches_in("crates/a/src/b.rs", "//! What it is.\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            breaches_in("crates/a/tests/b.rs", "use a;\n"),
            Vec::<String>::new()
        );
        assert_eq!(breaches_in("crates/a/src/b.rs", "use a;\n").len(), 1);
        assert_eq!(
            breaches_in("crates/a/src/b/mod.rs", "//! What it is.\n").len(),
            1
        );
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for folder in ["work", "root", "home"] {
            assert!(names_machine(&format!("see /{folder}/somebody/file")));
            assert!(names_machine(&format!("path = \"/{folder}/somebody\"")));
            assert!(!names_machine(&format!(
                "rtsp://example.com/{folder}/stream"
            )));
            assert!(!names_machine(&format!("a network/{folder}")));
        }
    }
}
