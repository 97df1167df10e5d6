//! Writing RTCP packets: what all of them share (RFC 3550 §6.4.1), and several in one datagram
//! (§6.1).

use alloc::vec;
use alloc::vec::Vec;

use crate::error::WriteError;
use crate::rtcp::raw::{HEADER_LEN, PacketType};

/// An RTCP packet that can be written.
pub trait RtcpWrite {
    /// Octets of the packet: whole words.
    fn encoded_len(&self) -> usize;

    /// Writes the packet to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// The buffer is too small, or a value does not fit its field. Then nothing useful is in the
    /// buffer.
    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError>;

    /// The packet in a vector of its own.
    ///
    /// # Errors
    ///
    /// A value does not fit its field.
    fn to_vec(&self) -> Result<Vec<u8>, WriteError> {
        let mut packet = vec![0; self.encoded_len()];
        self.write_into(&mut packet)?;
        Ok(packet)
    }
}

/// Writes the header of a packet of `len` octets and returns what follows it, to the packet's
/// end. `count` is the five bits after the padding bit, `counted` their name.
#[inline]
pub(crate) fn begin<'b>(
    buffer: &'b mut [u8],
    len: usize,
    packet_type: PacketType,
    count: usize,
    counted: &'static str,
) -> Result<&'b mut [u8], WriteError> {
    let available = buffer.len();
    let Some((header, body)) = buffer
        .get_mut(..len)
        .and_then(<[u8]>::split_first_chunk_mut::<HEADER_LEN>)
    else {
        let needed = len;
        return Err(WriteError::BufferTooSmall { needed, available });
    };
    if count > 31 {
        return Err(WriteError::TooMany {
            field: counted,
            limit: 31,
        });
    }
    if len % 4 != 0 {
        return Err(WriteError::NotWholeWords { field: "packet" });
    }
    let Ok(words) = u16::try_from(len / 4 - 1) else {
        return Err(WriteError::TooMany {
            field: "words of packet",
            limit: usize::from(u16::MAX) + 1,
        });
    };
    let [l0, l1] = words.to_be_bytes();
    *header = [0x80 | count as u8, packet_type.0, l0, l1];
    Ok(body)
}

/// Takes the next `N` octets off `out`. Every length has been computed before, so there are as
/// many.
#[inline]
pub(crate) fn take<'b, const N: usize>(out: &mut &'b mut [u8]) -> &'b mut [u8; N] {
    let (head, rest) = core::mem::take(out)
        .split_first_chunk_mut()
        .expect("the packet is as long as encoded_len says");
    *out = rest;
    head
}

/// The length octet of a text.
#[inline]
pub(crate) fn text_len(text: &[u8], field: &'static str) -> Result<u8, WriteError> {
    u8::try_from(text.len()).map_err(|_| WriteError::TooMany { field, limit: 255 })
}

/// Writes `data` to the start of `out`, which has room for it, and zeros to the rest.
#[inline]
pub(crate) fn padded(data: &[u8], out: &mut [u8]) {
    let (head, zeros) = out.split_at_mut(data.len());
    head.copy_from_slice(data);
    zeros.fill(0);
}

/// Writes RTCP packets one after the other into a datagram.
///
/// ```
/// use rfc3550_rtp::{ByeBuilder, CompoundWriter, ReceiverReportBuilder, RtcpCompound};
///
/// let mut datagram = [0; 1200];
/// let mut writer = CompoundWriter::new(&mut datagram);
/// writer.push(&ReceiverReportBuilder::new(1))?;
/// writer.push(&ByeBuilder::new(&[1]).reason(b"lunch"))?;
/// let len = writer.finish();
/// assert!(RtcpCompound::parse(&datagram[..len]).is_ok());
/// # Ok::<(), rfc3550_rtp::WriteError>(())
/// ```
#[derive(Debug)]
pub struct CompoundWriter<'b> {
    buffer: &'b mut [u8],
    len: usize,
    last: usize,
}

impl<'b> CompoundWriter<'b> {
    /// Nothing written yet. The datagram will not be longer than `buffer`.
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            len: 0,
            last: 0,
        }
    }

    /// Adds a packet.
    ///
    /// # Errors
    ///
    /// The packet cannot be written, or does not fit any more; the datagram is then as it was.
    #[inline]
    pub fn push<P: RtcpWrite + ?Sized>(&mut self, packet: &P) -> Result<(), WriteError> {
        let rest = self.buffer.get_mut(self.len..).unwrap_or_default();
        let written = packet.write_into(rest)?;
        self.last = self.len;
        self.len += written;
        Ok(())
    }

    /// Octets of the datagram, padded to a multiple of `block` as some encryption wants it: the
    /// last packet is (§6.4.1), unless there is none or no padding is needed.
    ///
    /// # Errors
    ///
    /// `block` is 0 or not a multiple of four, the padded datagram does not fit, or the last
    /// packet is at its greatest length.
    pub fn finish_padded(self, block: u8) -> Result<usize, WriteError> {
        if block % 4 != 0 || block == 0 {
            return Err(WriteError::NotWholeWords {
                field: "padding block",
            });
        }
        let needed = self.len.next_multiple_of(usize::from(block));
        let padding = needed - self.len;
        if padding == 0 {
            return Ok(needed);
        }
        let available = self.buffer.len();
        if let Some(zeros) = self.buffer.get_mut(self.len..needed) {
            zeros.fill(0);
        }
        let Some([first, _, l0, l1, .., count]) = self.buffer.get_mut(self.last..needed) else {
            return Err(WriteError::BufferTooSmall { needed, available });
        };
        // The padding is below 256 octets.
        let words = u16::from_be_bytes([*l0, *l1]).checked_add((padding / 4) as u16);
        let Some(words) = words else {
            return Err(WriteError::TooMany {
                field: "words of packet",
                limit: usize::from(u16::MAX) + 1,
            });
        };
        *first |= 0x20;
        [*l0, *l1] = words.to_be_bytes();
        *count = padding as u8;
        Ok(needed)
    }

    /// Octets written so far.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been written.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Octets of the datagram.
    pub const fn finish(self) -> usize {
        self.len
    }
}
