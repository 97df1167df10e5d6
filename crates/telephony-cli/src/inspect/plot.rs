//! A stream's life in a bounded number of slices, for the plots.

use super::model::Sample;

/// Slices at most; beyond, two become one.
const MOST_SLICES: usize = 480;
/// The finest slice, in seconds.
const FINEST: f64 = 0.1;

pub(crate) struct Plot {
    width: f64,
    slices: Vec<Sample>,
    lost: i64,
}

impl Default for Plot {
    fn default() -> Self {
        Self {
            width: FINEST,
            slices: Vec::new(),
            lost: 0,
        }
    }
}

impl Plot {
    /// A packet came `since` seconds after the first; `lost` is the count so far.
    pub(crate) fn add(&mut self, since: f64, lost: i64, jitter_ms: f64) {
        // A clock set back during the capture: the slice at hand must do.
        let since = since.max(self.slices.last().map_or(0.0, |slice| slice.time));
        while since / self.width >= MOST_SLICES as f64 {
            self.halve();
        }
        let time = (since / self.width).floor() * self.width;
        if self.slices.last().is_none_or(|slice| time > slice.time) {
            self.slices.push(Sample {
                time,
                ..Sample::default()
            });
        }
        if let Some(slice) = self.slices.last_mut() {
            slice.packets += 1;
            slice.lost += i32::try_from(lost - self.lost).unwrap_or(0);
            slice.max_jitter_ms = slice.max_jitter_ms.max(jitter_ms as f32);
        }
        self.lost = lost;
    }

    fn halve(&mut self) {
        self.width *= 2.0;
        let mut merged: Vec<Sample> = Vec::with_capacity(MOST_SLICES);
        for slice in self.slices.drain(..) {
            let time = (slice.time / self.width).floor() * self.width;
            match merged.last_mut().filter(|last| last.time >= time) {
                Some(last) => {
                    last.packets += slice.packets;
                    last.lost += slice.lost;
                    last.max_jitter_ms = last.max_jitter_ms.max(slice.max_jitter_ms);
                }
                None => merged.push(Sample { time, ..slice }),
            }
        }
        self.slices = merged;
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.slices.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_and_a_second_keep_their_packets_and_losses() {
        for seconds in [1u32, 3600] {
            let mut plot = Plot::default();
            for packet in 0..seconds * 50 {
                plot.add(f64::from(packet) * 0.02, i64::from(packet / 100), 1.0);
            }
            let samples = plot.samples();
            assert!(samples.len() <= MOST_SLICES);
            assert_eq!(
                samples.iter().map(|sample| sample.packets).sum::<u32>(),
                seconds * 50
            );
            let lost: i32 = samples.iter().map(|sample| sample.lost).sum();
            assert_eq!(lost, ((seconds * 50 - 1) / 100) as i32);
            assert!(samples.windows(2).all(|pair| pair[0].time < pair[1].time));
        }
    }

    #[test]
    fn absurd_times_do_not_hang() {
        let mut plot = Plot::default();
        plot.add(0.0, 0, 0.0);
        plot.add(9e9, 1, 0.0);
        plot.add(-9e9, 2, 0.0);
        assert_eq!(
            plot.samples()
                .iter()
                .map(|sample| sample.packets)
                .sum::<u32>(),
            3
        );
    }
}
