//! A picture that needs no file: colour bars, a number that counts frames, a bar that moves.

use std::sync::Arc;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use telephony_net::rtsp::{Source, VideoFrame};

const WIDTH: usize = 480;
const HEIGHT: usize = 272;
/// Where the number stands.
const DIGITS_TOP: usize = 192;
const DIGIT_WIDTH: usize = 32;
const DIGIT_HEIGHT: usize = 56;
const STROKE: usize = 8;
/// How many digits are shown, and how far apart.
const DIGITS: usize = 7;
const PITCH: usize = 48;
const QUALITY: u8 = 80;
const PACKET_BYTES: usize = 1400;

/// White, yellow, cyan, green, magenta, red, blue at three quarters of their strength.
const BARS: [[u8; 3]; 7] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
];
const WHITE: [u8; 3] = [235, 235, 235];
const BLACK: [u8; 3] = [16, 16, 16];

/// The segments of each digit, from the top clockwise, the middle last.
const SEGMENTS: [u8; 10] = [
    0b0111111, 0b0000110, 0b1011011, 0b1001111, 0b1100110, 0b1101101, 0b1111101, 0b0000111,
    0b1111111, 0b1101111,
];

/// Live video of a test picture.
pub(super) struct Synthetic {
    /// The picture without what changes.
    background: Vec<u8>,
    /// The frame that was made last.
    last: Option<(u64, Arc<VideoFrame>)>,
}

impl Synthetic {
    pub(super) fn new() -> Self {
        let mut background = vec![0; WIDTH * HEIGHT * 3];
        for (index, pixel) in background.chunks_exact_mut(3).enumerate() {
            let (x, y) = (index % WIDTH, index / WIDTH);
            let bar = BARS.get(x * BARS.len() / WIDTH).copied();
            let colour = bar.filter(|_| y < DIGITS_TOP - 16).unwrap_or(BLACK);
            pixel.copy_from_slice(&colour);
        }
        Self {
            background,
            last: None,
        }
    }

    pub(super) const fn dimensions() -> (usize, usize) {
        (WIDTH, HEIGHT)
    }

    fn draw(&self, number: u64) -> Vec<u8> {
        let mut picture = self.background.clone();
        let text = format!("{:0width$}", number % 10_000_000, width = DIGITS);
        let left = (WIDTH - DIGITS * PITCH) / 2;
        for (position, digit) in text.bytes().enumerate() {
            let digit = usize::from(digit.wrapping_sub(b'0'));
            draw_digit(&mut picture, left + position * PITCH, digit);
        }
        let bar = (number % (WIDTH as u64 / 8)) as usize * 8;
        fill(&mut picture, (bar, HEIGHT - 12), (8, 8), WHITE);
        picture
    }

    fn encode(&self, number: u64) -> Option<VideoFrame> {
        let mut jpeg = Vec::with_capacity(16 * 1024);
        let mut encoder = Encoder::new(&mut jpeg, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        let (width, height) = (WIDTH as u16, HEIGHT as u16);
        let encoded = encoder.encode(&self.draw(number), width, height, ColorType::Rgb);
        encoded.ok()?;
        VideoFrame::new(&jpeg, PACKET_BYTES).ok()
    }
}

impl Source for Synthetic {
    fn frames(&self) -> Option<u64> {
        None
    }

    fn frame(&mut self, number: u64) -> Option<Arc<VideoFrame>> {
        match &self.last {
            Some((last, frame)) if *last == number => Some(Arc::clone(frame)),
            _ => {
                let frame = Arc::new(self.encode(number)?);
                self.last = Some((number, Arc::clone(&frame)));
                Some(frame)
            }
        }
    }
}

fn draw_digit(picture: &mut [u8], left: usize, digit: usize) {
    let half = (DIGIT_HEIGHT + STROKE) / 2;
    let (right, middle) = (left + DIGIT_WIDTH - STROKE, DIGITS_TOP + half - STROKE);
    let bottom = DIGITS_TOP + DIGIT_HEIGHT - STROKE;
    let across = (DIGIT_WIDTH, STROKE);
    let down = (STROKE, half);
    let places = [
        ((left, DIGITS_TOP), across),
        ((right, DIGITS_TOP), down),
        ((right, middle), down),
        ((left, bottom), across),
        ((left, middle), down),
        ((left, DIGITS_TOP), down),
        ((left, middle), across),
    ];
    let segments = SEGMENTS.get(digit).copied().unwrap_or_default();
    for (index, (place, size)) in places.into_iter().enumerate() {
        if segments >> index & 1 == 1 {
            fill(picture, place, size, WHITE);
        }
    }
}

fn fill(
    picture: &mut [u8],
    (left, top): (usize, usize),
    (width, height): (usize, usize),
    colour: [u8; 3],
) {
    let rows = picture.chunks_exact_mut(WIDTH * 3);
    for row in rows.skip(top).take(height) {
        for pixel in row.chunks_exact_mut(3).skip(left).take(width) {
            pixel.copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_can_be_sent_differ_and_are_made_once() {
        let mut source = Synthetic::new();
        let first = source.frame(41).unwrap();
        assert!(Arc::ptr_eq(&first, &source.frame(41).unwrap()));
        let second = source.frame(42).unwrap();
        assert_eq!(first.dimensions(), (WIDTH as u16, HEIGHT as u16));
        assert!((2..16).contains(&first.packets()), "{}", first.packets());
        // The digits are below the bars, and so not in the first packet.
        let differs = |index| first.payload(index) != second.payload(index);
        assert!((0..first.packets()).any(differs));
        // The tables are those of a formula, and are not sent along.
        assert!(first.payload(0).unwrap().0[5] < 128);
    }

    #[test]
    fn digits_are_drawn_within_their_places() {
        let source = Synthetic::new();
        let lit = |number| {
            let picture = source.draw(number);
            let pixels = picture.chunks_exact(3).skip(WIDTH * DIGITS_TOP);
            let digits = pixels.take(WIDTH * DIGIT_HEIGHT);
            digits.filter(|pixel| **pixel == WHITE).count()
        };
        assert!(lit(8_888_888) > lit(8_888_881));
        assert!(lit(1_111_111) < lit(0));
        assert_eq!(lit(0), lit(10_000_000), "seven digits are shown");
    }
}
