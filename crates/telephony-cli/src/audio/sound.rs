//! Sound in memory: read from and written to WAV files, at any rate.

use std::path::Path;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};

/// Frames that are resampled at a time.
const CHUNK: usize = 1024;
/// Filter taps of the resampler: steep enough for speech, and quick.
const TAPS: usize = 128;

/// One channel of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sound {
    /// Samples in a second.
    pub(crate) rate: u32,
    pub(crate) samples: Vec<i16>,
}

impl Sound {
    /// Reads a WAV file of any rate and sample format; channels are mixed into one.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let failure = |error: hound::Error| format!("{}: {error}", path.display());
        let mut reader = hound::WavReader::open(path).map_err(failure)?;
        let spec = reader.spec();
        let channels = usize::from(spec.channels.max(1));
        let samples: Vec<f32> = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples().collect::<Result<_, _>>(),
            hound::SampleFormat::Int => {
                let scale = 2f32.powi(1 - i32::from(spec.bits_per_sample));
                let samples = reader.samples::<i32>();
                samples.map(|s| s.map(|s| s as f32 * scale)).collect()
            }
        }
        .map_err(failure)?;
        if spec.sample_rate == 0 {
            return Err(format!("{}: no sample rate", path.display()));
        }
        let mixed = samples
            .chunks(channels)
            .map(|frame| to_sample(frame.iter().sum::<f32>() / channels as f32));
        Ok(Self {
            rate: spec.sample_rate,
            samples: mixed.collect(),
        })
    }

    /// How a WAV file of one channel begins.
    pub(crate) fn spec(rate: u32) -> hound::WavSpec {
        hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        }
    }

    /// The same at another rate.
    pub(crate) fn resampled(&self, rate: u32) -> Result<Self, String> {
        if self.rate == rate || self.samples.is_empty() {
            return Ok(Self {
                rate,
                samples: self.samples.clone(),
            });
        }
        let failure = |error: &dyn std::fmt::Display| {
            format!("cannot turn {} Hz into {rate} Hz: {error}", self.rate)
        };
        let input: Vec<f32> = self
            .samples
            .iter()
            .map(|s| f32::from(*s) / 32768.0)
            .collect();
        let ratio = f64::from(rate) / f64::from(self.rate);
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let mut resampler =
            Async::<f32>::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)
                .map_err(|error| failure(&error))?;
        let frames = InterleavedSlice::new(&input, 1, input.len()).map_err(|e| failure(&e))?;
        let output = resampler
            .process_all(&frames, input.len(), None)
            .map_err(|error| failure(&error))?;
        let samples = output.take_data().into_iter().map(to_sample).collect();
        Ok(Self { rate, samples })
    }
}

/// A sample between -1 and 1 as an integer.
fn to_sample(sample: f32) -> i16 {
    (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::compare;

    fn sine(rate: u32, frequency: f64, seconds: f64) -> Sound {
        let count = (f64::from(rate) * seconds) as u32;
        let sample = |at: u32| {
            let phase = f64::from(at) / f64::from(rate) * frequency * std::f64::consts::TAU;
            (phase.sin() * 12_000.0) as i16
        };
        Sound {
            rate,
            samples: (0..count).map(sample).collect(),
        }
    }

    #[test]
    fn a_tone_is_the_same_tone_at_another_rate() {
        for (from, to) in [
            (8000, 48_000),
            (48_000, 8000),
            (44_100, 8000),
            (11_025, 16_000),
        ] {
            let resampled = sine(from, 440.0, 1.0).resampled(to).unwrap();
            let wanted = sine(to, 440.0, 1.0);
            let difference = resampled.samples.len().abs_diff(wanted.samples.len());
            assert!(difference <= 8, "{from} to {to}: {difference}");
            let inner = to as usize / 10..to as usize * 8 / 10;
            let heard = compare(&wanted.samples[inner], &resampled.samples, to).unwrap();
            assert!(heard.snr > 38.0, "{from} to {to}: {}", heard.snr);
        }
    }

    #[test]
    fn files_of_every_kind_are_read() {
        let path = std::env::temp_dir().join(format!("telephony-wav-{}", std::process::id()));
        for (bits, float, channels) in [
            (8, false, 1),
            (16, false, 2),
            (24, false, 1),
            (32, false, 2),
            (32, true, 2),
        ] {
            let spec = hound::WavSpec {
                channels,
                sample_rate: 22_050,
                bits_per_sample: bits,
                sample_format: match float {
                    true => hound::SampleFormat::Float,
                    false => hound::SampleFormat::Int,
                },
            };
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            for at in 0..1000 * i32::from(channels) {
                // Half of full scale in the first channel, and in the second.
                let sign = if at / i32::from(channels) % 2 == 0 {
                    1
                } else {
                    -1
                };
                match float {
                    true => writer.write_sample(0.5 * sign as f32).unwrap(),
                    false => writer.write_sample(sign << (bits - 2)).unwrap(),
                }
            }
            writer.finalize().unwrap();
            let sound = Sound::read(&path).unwrap();
            assert_eq!((sound.rate, sound.samples.len()), (22_050, 1000));
            assert_eq!(sound.samples[..2], [16_384, -16_384], "{bits} bits");
        }
        std::fs::write(&path, b"RIFF").unwrap();
        assert!(Sound::read(&path).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(Sound::read(&path).unwrap_err().contains("telephony-wav"));
    }
}
