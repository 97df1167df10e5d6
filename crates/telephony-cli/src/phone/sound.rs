//! The options for what a call plays and records.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{LineConfig, Options, Problem};
use crate::audio::Sound;

/// What a call plays and records.
#[derive(Args)]
pub(crate) struct SoundOptions {
    /// Play this WAV file, of any rate.
    #[arg(long, value_name = "FILE.wav")]
    pub(crate) play: Option<PathBuf>,
    /// Record what is heard into this WAV file; further calls get a number before the dot.
    #[arg(long, value_name = "FILE.wav")]
    record: Option<PathBuf>,
    /// Send what is heard back.
    #[arg(long)]
    echo: bool,
    /// Press these keys once the call stands.
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    pub(crate) dtmf: Option<String>,
}

impl SoundOptions {
    /// What each call plays, ready for the codecs that were chosen.
    pub(crate) fn line(&self, options: &Options) -> Result<LineConfig, Problem> {
        let mut line = LineConfig::default();
        line.echo = self.echo;
        line.record.clone_from(&self.record);
        if let Some(file) = &self.play {
            let sound = Sound::read(file).map_err(Problem::Usage)?;
            line.play(&sound, options.codecs())
                .map_err(Problem::Usage)?;
        }
        Ok(line)
    }
}

/// The file that the call of this number is recorded into.
pub(crate) fn numbered(file: &Path, number: u64) -> PathBuf {
    if number <= 1 {
        return file.to_path_buf();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = match file.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    file.with_file_name(name)
}

fn digits(text: &str) -> Result<String, String> {
    let is_digit = |c: char| rfc2833_dtmf::Event::from_digit(c).is_some();
    match text.chars().all(is_digit) && !text.is_empty() {
        true => Ok(text.to_string()),
        false => Err("expected digits of 0 to 9, *, #, A to D".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_a_recording_of_its_own() {
        let file = Path::new("/tmp/heard.wav");
        assert_eq!(numbered(file, 1), file);
        assert_eq!(numbered(file, 2), Path::new("/tmp/heard-2.wav"));
        assert_eq!(numbered(Path::new("x"), 3), Path::new("x-3"));
    }

    #[test]
    fn keys_are_those_of_a_telephone() {
        assert_eq!(digits("15*#A").unwrap(), "15*#A");
        assert!(digits("1 2").is_err() && digits("").is_err());
    }
}
