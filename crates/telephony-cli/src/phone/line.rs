//! What a call plays and records.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use rfc3264_offer_answer::MediaFormat;
use telephony_agent::media::Frame;

use crate::audio::{Codec, Decoder, Encoder, Sound, Timeline};

/// Frames in a second.
const FRAMES: u32 = 50;

/// What a call is to play and record.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineConfig {
    /// What is played, once: the same at each rate that may be needed.
    play: Vec<Sound>,
    /// Where what is heard is recorded.
    pub(crate) record: Option<PathBuf>,
    /// Whether what is heard is sent back.
    pub(crate) echo: bool,
}

impl LineConfig {
    /// Plays this with any of these codecs. It is resampled here, not while somebody waits.
    pub(crate) fn play(&mut self, sound: &Sound, codecs: &[Codec]) -> Result<(), String> {
        self.play.clear();
        for codec in codecs {
            if !self.play.iter().any(|known| known.rate == codec.rate()) {
                self.play.push(sound.resampled(codec.rate())?);
            }
        }
        Ok(())
    }
}

/// The sound of one call.
pub(crate) struct Line {
    config: LineConfig,
    encoder: Option<Encoder>,
    /// What is played, at the rate of the encoder, and how far it is.
    playing: Vec<i16>,
    position: usize,
    decoder: Option<(u8, Decoder)>,
    timeline: Option<Timeline>,
    recorder: Option<hound::WavWriter<BufWriter<File>>>,
    problem: Option<String>,
}

impl Line {
    /// A line before the codecs are agreed on. The file is made at once, so that it is known
    /// whether that is possible.
    pub(crate) fn new(config: &LineConfig) -> Result<Self, String> {
        if let Some(path) = &config.record {
            File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Self {
            config: config.clone(),
            encoder: None,
            playing: Vec::new(),
            position: 0,
            decoder: None,
            timeline: None,
            recorder: None,
            problem: None,
        })
    }

    /// Encodes with this codec from now on. What is played goes on where it was.
    pub(crate) fn speak_with(&mut self, format: &MediaFormat) {
        let Some(codec) = Codec::of(format) else {
            return;
        };
        let rate = codec.rate();
        let before = self.encoder.as_ref().map(Encoder::rate);
        self.encoder = Some(codec.encoder());
        if before != Some(rate) {
            let position =
                self.position as u64 * u64::from(rate) / u64::from(before.unwrap_or(rate));
            self.position = usize::try_from(position).unwrap_or(usize::MAX);
            if let Some(sound) = self.config.play.iter().find(|sound| sound.rate == rate) {
                self.playing.clone_from(&sound.samples);
            }
        }
    }

    /// The next frame to send: its length in units of the codec's clock, and its payload. Silence
    /// when there is nothing to play, and nothing at all where there is an echo.
    pub(crate) fn speak(&mut self) -> Option<(u32, Vec<u8>)> {
        let encoder = self.encoder.as_mut()?;
        if self.config.echo && self.position >= self.playing.len() {
            return None;
        }
        let length = encoder.rate() / FRAMES;
        let mut samples: Vec<i16> = self
            .playing
            .iter()
            .skip(self.position)
            .take(length as usize)
            .copied()
            .collect();
        self.position = (self.position + samples.len()).min(self.playing.len());
        samples.resize(length as usize, 0);
        Some((length, encoder.encode(&samples)))
    }

    /// A frame of silence, while keys are pressed: what is played goes on behind them.
    pub(crate) fn pause(&mut self) -> Option<(u32, Vec<u8>)> {
        let encoder = self.encoder.as_mut()?;
        let length = encoder.rate() / FRAMES;
        Some((length, encoder.encode(&vec![0; length as usize])))
    }

    /// Whether all that there was to play has been played.
    pub(crate) fn has_played(&self) -> bool {
        self.encoder.is_some() && self.position >= self.playing.len()
    }

    /// How much has been played, in seconds.
    pub(crate) fn played(&self) -> f64 {
        let rate = self.encoder.as_ref().map_or(1, Encoder::rate);
        self.position as f64 / f64::from(rate)
    }

    /// Takes a frame that is to be heard now. What is to be sent back comes out.
    pub(crate) fn hear(&mut self, format: &MediaFormat, frame: &Frame) -> Option<(u32, Vec<u8>)> {
        let decoder = match &mut self.decoder {
            Some((known, decoder)) if *known == frame.payload_type => decoder,
            other => {
                let decoder = Codec::of(format)?.decoder();
                &mut other.insert((frame.payload_type, decoder)).1
            }
        };
        let samples = decoder.decode(&frame.payload);
        let rate = decoder.rate();
        if self.config.record.is_some() {
            let timeline = self.timeline.get_or_insert_with(|| Timeline::new(rate));
            let added = timeline.add(frame.media_time, &samples);
            if let Err(error) = self.record(rate, &added) {
                self.problem.get_or_insert(error);
                self.config.record = None;
            }
        }
        let encoder = self.encoder.as_mut().filter(|_| self.config.echo)?;
        if encoder.rate() != rate {
            return None;
        }
        let length = u32::try_from(samples.len()).ok()?;
        Some((length, encoder.encode(&samples)))
    }

    fn record(&mut self, rate: u32, samples: &[i16]) -> Result<(), String> {
        let Some(path) = &self.config.record else {
            return Ok(());
        };
        let failure = |error: hound::Error| format!("{}: {error}", path.display());
        if self.recorder.is_none() {
            let writer = hound::WavWriter::create(path, Sound::spec(rate));
            self.recorder = Some(writer.map_err(failure)?);
        }
        if let Some(recorder) = &mut self.recorder {
            for sample in samples {
                recorder.write_sample(*sample).map_err(failure)?;
            }
        }
        Ok(())
    }

    /// Closes the recording, and tells what went wrong, if anything did.
    pub(crate) fn close(mut self) -> Result<(), String> {
        let path = self.config.record.clone().unwrap_or_default();
        if let Some(recorder) = self.recorder.take() {
            let closed = recorder.finalize();
            closed.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        self.problem.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rfc3264_offer_answer::{Address, Config, Session, Stream, StreamId};

    /// A format as it is agreed on.
    fn format(codec: Codec) -> MediaFormat {
        let address = Address::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let stream = Stream::new(StreamId(0), "audio", address.clone(), 4000);
        let stream = [stream.with_codec(codec.offer())];
        let mut one = Session::new(Config::new(address.clone(), 1)).unwrap();
        let mut other = Session::new(Config::new(address, 2)).unwrap();
        let offer = one.create_offer(&stream).unwrap().to_string();
        other.receive_offer(offer.as_bytes()).unwrap();
        other.create_answer(&stream).unwrap();
        other.stream(StreamId(0)).unwrap().codec().unwrap().clone()
    }

    #[test]
    fn a_sound_is_played_once_and_then_silence() {
        let play = Sound {
            rate: 8000,
            samples: vec![1000; 240],
        };
        let mut config = LineConfig::default();
        config.play(&play, &[Codec::L16]).unwrap();
        let mut line = Line::new(&config).unwrap();
        assert_eq!(line.speak(), None);
        line.speak_with(&format(Codec::L16));
        let frames: Vec<_> = (0..3).map(|_| line.speak().unwrap()).collect();
        assert_eq!(frames[0].0, 320);
        assert!(line.has_played());
        let silent = |payload: &[u8]| payload.iter().filter(|byte| **byte == 0).count();
        assert!(silent(&frames[0].1) < 100);
        assert_eq!(silent(&frames[2].1), 640);
    }

    #[test]
    fn what_cannot_be_recorded_is_known_at_once() {
        let config = LineConfig {
            record: Some("/no/such/folder/x.wav".into()),
            ..LineConfig::default()
        };
        assert!(
            Line::new(&config)
                .err()
                .unwrap()
                .contains("/no/such/folder")
        );
    }
}
