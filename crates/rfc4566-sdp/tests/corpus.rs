//! Descriptions gathered elsewhere, where they lie beside the repository: each is accepted and kept byte for byte, or
//! refused with an error that names a field.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rfc4566_sdp::{KnownAttribute, Parser};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn every_description_is_kept_or_refused_with_a_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/sdp");
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    if paths.is_empty() {
        println!("skipped: no ../shared/corpora/sdp");
        return;
    }
    let mut parser = Parser::new();
    let (mut accepted, mut refused) = (0, 0);
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let started = Instant::now();
        match parser.parse(&bytes) {
            Ok(description) => {
                accepted += 1;
                let mut written = vec![0xaa; bytes.len()];
                assert_eq!(description.write_into(&mut written), Ok(bytes.len()));
                assert_eq!(written, bytes, "{}", path.display());
                for medium in description.media() {
                    let _ = (medium.field(), medium.connection(), medium.direction());
                    for attribute in medium.section().attributes() {
                        if let Err(error) = KnownAttribute::parse(&attribute) {
                            let named = description
                                .defects()
                                .any(|defect| defect.to_error() == error);
                            assert!(named, "{}: {error}", path.display());
                        }
                    }
                }
                if let Err(error) = description.strict() {
                    println!("{}: {error}", path.display());
                }
            }
            Err(error) => {
                refused += 1;
                println!("{}: refused: {error}", path.display());
                assert!(!error.field().is_empty() && error.offset() <= bytes.len());
            }
        }
        assert!(started.elapsed().as_secs() < 2, "{}", path.display());
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > refused);
}
