//! How alike two recordings are.

/// Pieces of this many seconds are aligned each for itself: a call may slip by a packet.
const PIECE: f64 = 0.25;
/// How far a piece may have slipped from the one before, in seconds.
const SLIP: f64 = 0.1;
/// How much later it may come after a pause, which is as long as what was sent in it.
const PAUSE: f64 = 2.0;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// Where the one begins in the other, in samples.
    pub(crate) offset: usize,
    /// The signal-to-noise ratio in dB.
    pub(crate) snr: f64,
}

/// Looks for `played` in `heard`. `None` if either is too short or silent.
pub(crate) fn compare(played: &[i16], heard: &[i16], rate: u32) -> Option<Comparison> {
    let piece = ((f64::from(rate) * PIECE) as usize).max(1);
    let slip = (f64::from(rate) * SLIP) as usize;
    let pause = (f64::from(rate) * PAUSE) as usize;
    let mut is_after_pause = false;
    let mut offset = None;
    let (mut signal, mut noise) = (0.0, 0.0);
    let mut first = None;
    for (number, wanted) in played.chunks(piece).enumerate() {
        let at = number * piece;
        let energy = energy(wanted);
        if energy == 0.0 {
            is_after_pause = true;
            continue;
        }
        let later = if is_after_pause { pause } else { slip };
        is_after_pause = false;
        let range = match offset {
            None => 0..heard.len(),
            Some(before) => {
                let expected: usize = at + before;
                expected.saturating_sub(slip)..expected + later + 1
            }
        };
        signal += energy;
        match best(wanted, heard, range) {
            Some((place, error)) => {
                noise += error.min(energy);
                if offset.is_none() {
                    first = Some(place.saturating_sub(at));
                }
                offset = Some(place.saturating_sub(at));
            }
            None => noise += energy,
        }
    }
    let offset = first?;
    let snr = 10.0 * (signal / noise.max(signal * 1e-12)).log10();
    Some(Comparison { offset, snr })
}

/// Where a piece fits best within a range of places, and how far it is off there.
fn best(wanted: &[i16], heard: &[i16], range: std::ops::Range<usize>) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for place in range {
        let Some(there) = heard.get(place..place + wanted.len()) else {
            break;
        };
        let limit = best.map_or(f64::INFINITY, |(_, error)| error);
        let mut error = 0.0;
        for (one, other) in wanted.chunks(64).zip(there.chunks(64)) {
            error += one
                .iter()
                .zip(other)
                .map(|(a, b)| square(i32::from(*a) - i32::from(*b)))
                .sum::<f64>();
            if error >= limit {
                break;
            }
        }
        if error < limit {
            best = Some((place, error));
        }
    }
    best
}

fn energy(samples: &[i16]) -> f64 {
    samples
        .iter()
        .map(|sample| square(i32::from(*sample)))
        .sum()
}

fn square(value: i32) -> f64 {
    f64::from(value) * f64::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tune;

    #[test]
    fn the_same_sound_is_found_wherever_it_begins() {
        let sound = tune(8000);
        for silence in [0, 1, 4000] {
            let mut heard = vec![0; silence];
            heard.extend(&sound.samples);
            let found = compare(&sound.samples, &heard, 8000).unwrap();
            assert_eq!(found.offset, silence);
            assert!(found.snr > 100.0);
        }
    }

    #[test]
    fn a_lost_packet_costs_and_a_slip_does_not() {
        let sound = tune(8000);
        let mut lost = sound.samples.clone();
        lost[2080..2240].fill(0);
        let snr = compare(&sound.samples, &lost, 8000).unwrap().snr;
        assert!((5.0..30.0).contains(&snr), "{snr}");
        let mut slipped = sound.samples.clone();
        slipped.splice(12_000..12_000, vec![0; 160]);
        assert!(compare(&sound.samples, &slipped, 8000).unwrap().snr > 100.0);
        let mut paused = sound.samples.clone();
        paused.splice(12_000..12_000, vec![0; 9000]);
        assert!(compare(&sound.samples, &paused, 8000).unwrap().snr > 100.0);
    }

    #[test]
    fn another_sound_is_none_and_silence_is_nothing() {
        let sound = tune(8000);
        let noise: Vec<i16> = (0..24_000u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 18) as i16)
            .collect();
        assert!(compare(&sound.samples, &noise, 8000).unwrap().snr < 1.0);
        assert_eq!(compare(&[0; 8000], &noise, 8000), None);
        assert_eq!(compare(&sound.samples, &[], 8000), None);
    }
}
