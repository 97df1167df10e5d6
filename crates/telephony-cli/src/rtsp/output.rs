//! Where frames go: a file of JPEG images one after another, or a folder with a file for each.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Where frames go.
pub(super) enum Output {
    Folder { path: PathBuf, next: u64 },
    File(BufWriter<File>),
}

impl Output {
    /// A folder, if it is one or the path ends as one; else a file.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let ends_as_folder = path.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        if path.is_dir() || ends_as_folder {
            std::fs::create_dir_all(path)?;
            return Ok(Self::Folder {
                path: path.into(),
                next: 1,
            });
        }
        Ok(Self::File(BufWriter::new(File::create(path)?)))
    }

    pub(super) fn write(&mut self, jpeg: &[u8]) -> io::Result<()> {
        match self {
            Self::Folder { path, next } => {
                std::fs::write(path.join(format!("{next:06}.jpg")), jpeg)?;
                *next += 1;
                Ok(())
            }
            Self::File(file) => file.write_all(jpeg),
        }
    }

    /// Writes what is left.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Folder { .. } => Ok(()),
            Self::File(mut file) => file.flush(),
        }
    }
}
