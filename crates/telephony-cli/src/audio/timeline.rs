//! Frames on a line of time: gaps become silence, overlaps are cut.

/// A gap longer than this many seconds is not filled: the line goes on after it.
const MAX_GAP: u64 = 60;

/// Turns frames with their places into samples without gaps.
#[derive(Debug)]
pub(crate) struct Timeline {
    rate: u32,
    /// The place of the next sample.
    next: Option<u64>,
}

impl Timeline {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, next: None }
    }

    /// The samples to be added for those of a frame that begins at `place`.
    pub(crate) fn add(&mut self, place: u64, samples: &[i16]) -> Vec<i16> {
        let next = self.next.unwrap_or(place);
        let end = place.saturating_add(samples.len() as u64);
        self.next = Some(end.max(next));
        let gap = place.saturating_sub(next);
        let gap = if gap > MAX_GAP * u64::from(self.rate) {
            0
        } else {
            gap
        };
        let known = usize::try_from(next.saturating_sub(place)).unwrap_or(usize::MAX);
        let mut added = vec![0; usize::try_from(gap).unwrap_or(0)];
        added.extend(samples.iter().skip(known));
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_silent_and_overlaps_are_cut() {
        let mut line = Timeline::new(8000);
        assert_eq!(line.add(100, &[1, 2]), [1, 2]);
        assert_eq!(line.add(102, &[3]), [3]);
        assert_eq!(line.add(105, &[4, 5]), [0, 0, 4, 5]);
        assert_eq!(line.add(106, &[6, 7]), [7]);
        assert!(line.add(100, &[8]).is_empty());
        assert_eq!(line.add(1 << 40, &[9]), [9]);
    }
}
