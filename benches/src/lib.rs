//! The inputs that the benchmarks share.
//!
//! Throughput compares between two runs only when both read the same bytes: [`input`] says on
//! standard error which file it took.

use std::path::Path;

/// The bytes of an input, by its file name such as `inv1.sip`.
///
/// Taken from `../shared/bench-inputs` beside the repository when that folder has the file, so that
/// every implementation under comparison can be given the same bytes; else the project's own in
/// `benches/inputs`.
///
/// # Panics
///
/// When neither folder has the file.
#[must_use]
pub fn input(name: &str) -> Vec<u8> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = [
        package.join("../../shared/bench-inputs").join(name),
        package.join("inputs").join(name),
    ];
    for path in &candidates {
        if let Ok(bytes) = std::fs::read(path) {
            eprintln!("input {name}: {} bytes of {}", bytes.len(), path.display());
            return bytes;
        }
    }
    panic!("no benchmark input {name}: neither {candidates:?}");
}
