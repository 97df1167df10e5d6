//! What a server shows: frames by their number, and how fast.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rfc2435_jpeg::{ParseError, WriteError};

use super::VideoFrame;

/// Bytes of a payload: with the headers of RTP, UDP and IPv6 less than 1500.
const PACKET_BYTES: usize = 1400;
/// Bytes that a movie may have.
const MOVIE_BYTES: u64 = 1 << 30;

/// Frames by their number.
pub trait Source: Send {
    /// How many frames there are; `None` for live video, whose frames have the numbers of the
    /// intervals since the server began.
    fn frames(&self) -> Option<u64>;

    /// A frame. `None` where there is none: it is left out.
    fn frame(&mut self, number: u64) -> Option<Arc<VideoFrame>>;
}

/// What a server shows under one name.
pub struct Presentation {
    pub(super) source: Box<dyn Source>,
    pub(super) interval: Duration,
    pub(super) repeats: bool,
}

impl Presentation {
    /// A source, with the time from one frame to the next.
    pub fn new(source: impl Source + 'static, interval: Duration) -> Self {
        Self {
            source: Box::new(source),
            interval: interval.clamp(Duration::from_millis(1), Duration::from_secs(60)),
            repeats: false,
        }
    }

    /// Whether it begins anew after its last frame; not unless said.
    #[must_use]
    pub fn repeats(self, repeats: bool) -> Self {
        Self { repeats, ..self }
    }

    /// How long it is; `None` if it has no end.
    pub(super) fn duration(&self) -> Option<Duration> {
        let frames = self.source.frames().filter(|_| !self.repeats)?;
        Some(at(frames, self.interval))
    }
}

impl fmt::Debug for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presentation")
            .field("frames", &self.source.frames())
            .field("interval", &self.interval)
            .field("repeats", &self.repeats)
            .finish()
    }
}

/// When a frame is shown, from the beginning.
pub(super) fn at(frame: u64, interval: Duration) -> Duration {
    let nanoseconds = u128::from(frame) * interval.as_nanos();
    u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
}

/// Images in memory, each cut into packets once.
#[derive(Debug, Clone)]
pub struct Movie {
    frames: Vec<Arc<VideoFrame>>,
}

impl Movie {
    /// Takes JPEG images in their order.
    ///
    /// # Errors
    ///
    /// If there are none, or one is not for the payload format.
    pub fn new<J: AsRef<[u8]>>(images: impl IntoIterator<Item = J>) -> Result<Self, MovieError> {
        let frames = images.into_iter().enumerate().map(|(index, image)| {
            VideoFrame::new(image.as_ref(), PACKET_BYTES)
                .map(Arc::new)
                .map_err(|error| MovieError::Frame(index, Box::new(error)))
        });
        let frames = frames.collect::<Result<Vec<_>, _>>()?;
        if frames.is_empty() {
            return Err(MovieError::Empty);
        }
        Ok(Self { frames })
    }

    /// Reads a file of JPEG images, plain or each behind its length in five digits, or a folder
    /// of `.jpg` and `.jpeg` files in the order of their names.
    ///
    /// # Errors
    ///
    /// If it cannot be read, has more than a gibibyte, or as [`Movie::new`].
    pub fn open(path: &Path) -> Result<Self, MovieError> {
        if path.is_dir() {
            return Self::open_folder(path);
        }
        let bytes = read(path, MOVIE_BYTES)?;
        Self::new(images(&bytes)?)
    }

    fn open_folder(path: &Path) -> Result<Self, MovieError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(MovieError::Read)? {
            let name = entry.map_err(MovieError::Read)?.path();
            let extension = name.extension().and_then(|extension| extension.to_str());
            let is_jpeg = |extension: &str| {
                extension.eq_ignore_ascii_case("jpg") || extension.eq_ignore_ascii_case("jpeg")
            };
            if extension.is_some_and(is_jpeg) {
                names.push(name);
            }
        }
        names.sort();
        let (mut left, mut images) = (MOVIE_BYTES, Vec::with_capacity(names.len()));
        for name in names {
            let image = read(&name, left)?;
            left -= image.len() as u64;
            images.push(image);
        }
        Self::new(images)
    }

    /// Width and height of the first frame, in pixels.
    pub fn dimensions(&self) -> (u16, u16) {
        self.frames
            .first()
            .map_or((0, 0), |frame| frame.dimensions())
    }

    /// How many frames it has.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

impl Source for Movie {
    fn frames(&self) -> Option<u64> {
        Some(self.frames.len() as u64)
    }

    fn frame(&mut self, number: u64) -> Option<Arc<VideoFrame>> {
        let number = usize::try_from(number).ok()?;
        self.frames.get(number).cloned()
    }
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, MovieError> {
    let length = std::fs::metadata(path).map_err(MovieError::Read)?.len();
    if length > limit {
        return Err(MovieError::TooLarge);
    }
    std::fs::read(path).map_err(MovieError::Read)
}

/// The images of a file.
fn images(bytes: &[u8]) -> Result<Vec<&[u8]>, MovieError> {
    match bytes {
        [0xff, 0xd8, ..] => Ok(concatenated(bytes)),
        [first, ..] if first.is_ascii_digit() => numbered(bytes),
        [] => Err(MovieError::Empty),
        _ => Err(MovieError::Unknown { offset: 0 }),
    }
}

/// Images behind their lengths in five digits, as the exercise's files have them.
fn numbered(bytes: &[u8]) -> Result<Vec<&[u8]>, MovieError> {
    let (mut rest, mut images) = (bytes, Vec::new());
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let wrong = MovieError::Unknown { offset };
        let Some((digits, after)) = rest.split_first_chunk::<5>() else {
            return Err(wrong);
        };
        let length = std::str::from_utf8(digits).ok();
        let length = length.and_then(|digits| digits.parse::<usize>().ok());
        let Some((image, after)) = length.and_then(|length| after.split_at_checked(length)) else {
            return Err(wrong);
        };
        images.push(image);
        rest = after;
    }
    Ok(images)
}

/// Images one after another: each begins with a start marker that follows an end marker.
fn concatenated(bytes: &[u8]) -> Vec<&[u8]> {
    let is_start = |window: &[u8]| window == [0xff, 0xd9, 0xff, 0xd8];
    let mut starts: Vec<usize> = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, window)| is_start(window))
        .map(|(at, _)| at + 2)
        .collect();
    starts.insert(0, 0);
    starts.push(bytes.len());
    let pairs = starts.iter().zip(starts.iter().skip(1));
    pairs
        .filter_map(|(&start, &end)| bytes.get(start..end))
        .collect()
}

/// Why something cannot be shown.
#[derive(Debug)]
#[non_exhaustive]
pub enum MovieError {
    /// It cannot be read.
    Read(io::Error),
    /// It has more than a gibibyte.
    TooLarge,
    /// It has no images.
    Empty,
    /// It is neither JPEG images nor lengths in five digits with JPEG images.
    Unknown {
        /// The first byte that is not as it should be.
        offset: usize,
    },
    /// It is no JPEG image, or one that the payload format cannot carry.
    Image(ParseError),
    /// The payload format cannot carry the image.
    Payload(WriteError),
    /// One of several images, counted from 0.
    Frame(usize, Box<MovieError>),
}

impl fmt::Display for MovieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::TooLarge => f.write_str("more than a gibibyte"),
            Self::Empty => f.write_str("no JPEG images"),
            Self::Unknown { offset } => write!(
                f,
                "neither a JPEG image nor five digits of its length at byte {offset}"
            ),
            Self::Image(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            Self::Frame(index, error) => write!(f, "image {}: {error}", index + 1),
        }
    }
}

impl Error for MovieError {}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = include_bytes!("../../../rfc2435-jpeg/tests/vectors/py_Q75_frame.jpg");

    #[test]
    fn files_with_lengths_and_without_and_folders() {
        let folder = std::env::temp_dir().join(format!("telephony-movie-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let numbered = [format!("{:05}", JPEG.len()).as_bytes(), JPEG].concat();
        for (name, bytes, frames) in [
            ("numbered.mjpeg", numbered.repeat(3), 3),
            ("plain.mjpeg", JPEG.repeat(4), 4),
            ("b.jpg", JPEG.to_vec(), 1),
            ("a.JPEG", JPEG.to_vec(), 1),
        ] {
            std::fs::write(folder.join(name), bytes).unwrap();
            let movie = Movie::open(&folder.join(name)).unwrap();
            assert_eq!(movie.len(), frames, "{name}");
            assert_eq!(movie.dimensions().0 % 8, 0);
        }
        assert_eq!(Movie::open(&folder).unwrap().len(), 2, "the .jpg files");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_no_movie_is_refused() {
        let cut = [b"99999".as_slice(), JPEG].concat();
        let second = [format!("{:05}", JPEG.len()).as_bytes(), JPEG, b"00x"].concat();
        for (bytes, expected) in [
            (&b""[..], "no JPEG images"),
            (
                b"RIFF",
                "neither a JPEG image nor five digits of its length at byte 0",
            ),
            (
                &cut,
                "neither a JPEG image nor five digits of its length at byte 0",
            ),
        ] {
            assert_eq!(images(bytes).unwrap_err().to_string(), expected);
        }
        let MovieError::Unknown { offset } = images(&second).unwrap_err() else {
            panic!("not unknown");
        };
        assert_eq!(offset, 5 + JPEG.len());
        let error = Movie::new([JPEG, &b"\xff\xd8no"[..]]).unwrap_err();
        assert!(error.to_string().starts_with("image 2: "), "{error}");
    }

    #[test]
    fn a_frame_is_cut_into_payloads_with_one_marker() {
        let frame = VideoFrame::new(JPEG, 300).unwrap();
        let payloads: Vec<_> = (0..frame.packets())
            .map(|index| frame.payload(index).unwrap())
            .collect();
        assert!(payloads.len() > 2);
        assert!(payloads.iter().all(|(payload, _)| payload.len() <= 300));
        let marked = payloads.iter().filter(|(_, marker)| *marker).count();
        assert!(marked == 1 && payloads.last().unwrap().1);
        assert_eq!(frame.payload(frame.packets()), None);
    }
}
