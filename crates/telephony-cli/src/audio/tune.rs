//! The tune of `telephony demo`: three seconds with a pause for digits in the middle.

use std::f64::consts::TAU;

use super::Sound;

/// Notes of a tune: when they begin in seconds, and their frequency. Between 1.0 s and 2.0 s there
/// is a pause.
const NOTES: [(f64, f64); 8] = [
    (0.00, 392.0),
    (0.25, 523.3),
    (0.50, 659.3),
    (0.75, 523.3),
    (2.00, 784.0),
    (2.25, 659.3),
    (2.50, 523.3),
    (2.75, 392.0),
];
const NOTE: f64 = 0.25;
const LENGTH: f64 = 3.0;

/// Plucked notes with two overtones.
pub(crate) fn tune(rate: u32) -> Sound {
    let count = (f64::from(rate) * LENGTH) as u32;
    let sample = |at: u32| {
        let time = f64::from(at) / f64::from(rate);
        let note = NOTES
            .iter()
            .find(|(begin, _)| (*begin..begin + NOTE).contains(&time));
        let Some((begin, frequency)) = note else {
            return 0;
        };
        let within = time - begin;
        let attack = (within / 0.005).min(1.0);
        let release = ((NOTE - within) / 0.01).min(1.0);
        let envelope = attack * release * (-6.0 * within).exp();
        let phase = within * frequency * TAU;
        let wave = phase.sin() + 0.4 * (2.0 * phase).sin() + 0.2 * (3.0 * phase).sin();
        (wave * envelope * 11_000.0) as i16
    };
    Sound {
        rate,
        samples: (0..count).map(sample).collect(),
    }
}
