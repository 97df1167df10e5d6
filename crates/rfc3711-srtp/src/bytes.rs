//! Packets in `BytesMut`, which grows and shrinks in place.

use bytes::BytesMut;

use crate::error::{ProtectError, UnprotectError};
use crate::receiver::Receiver;
use crate::sender::Sender;

impl Sender {
    /// [`protect_rtp`](Sender::protect_rtp) for a packet in a `BytesMut`, which grows.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`]; the packet is as it was.
    pub fn protect_rtp_bytes(&mut self, packet: &mut BytesMut) -> Result<(), ProtectError> {
        let len = packet.len();
        packet.resize(len + self.rtp_overhead(), 0);
        self.protect_rtp(packet, len)
            .map(drop)
            .inspect_err(|_| packet.truncate(len))
    }

    /// [`protect_rtcp`](Sender::protect_rtcp) for a packet in a `BytesMut`, which grows.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`]; the packet is as it was.
    pub fn protect_rtcp_bytes(&mut self, packet: &mut BytesMut) -> Result<(), ProtectError> {
        let len = packet.len();
        packet.resize(len + self.rtcp_overhead(), 0);
        self.protect_rtcp(packet, len)
            .map(drop)
            .inspect_err(|_| packet.truncate(len))
    }
}

impl Receiver {
    /// [`unprotect_rtp`](Receiver::unprotect_rtp) for a packet in a `BytesMut`, which shrinks.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtp_bytes(&mut self, packet: &mut BytesMut) -> Result<(), UnprotectError> {
        self.unprotect_rtp(packet).map(|len| packet.truncate(len))
    }

    /// [`unprotect_rtcp`](Receiver::unprotect_rtcp) for a packet in a `BytesMut`, which shrinks.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtcp_bytes(&mut self, packet: &mut BytesMut) -> Result<(), UnprotectError> {
        self.unprotect_rtcp(packet).map(|len| packet.truncate(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, MasterKey, Profile};

    #[test]
    fn packets_grow_and_shrink() {
        let config = Config::new(Profile::AeadAes128Gcm);
        let keys = [MasterKey::new(&[1; 16], &[2; 12])];
        let mut sender = Sender::new(config, &keys).unwrap();
        let mut receiver = Receiver::new(config, &keys).unwrap();
        let plain = &b"\x80\x00\x00\x01\x00\x00\x00\xa0\xca\xfe\xba\xbehi"[..];
        let mut packet = BytesMut::from(plain);
        sender.protect_rtp_bytes(&mut packet).unwrap();
        assert_eq!(packet.len(), plain.len() + 16);
        assert_eq!(receiver.unprotect_rtp_bytes(&mut packet), Ok(()));
        assert_eq!(packet, plain);
        let again = sender.protect_rtp_bytes(&mut packet);
        assert_eq!(again, Err(ProtectError::IndexReused));
        assert_eq!(packet, plain);

        let plain = &b"\x80\xc9\x00\x01\xca\xfe\xba\xbe"[..];
        let mut packet = BytesMut::from(plain);
        sender.protect_rtcp_bytes(&mut packet).unwrap();
        assert_eq!(packet.len(), plain.len() + 20);
        assert_eq!(receiver.unprotect_rtcp_bytes(&mut packet), Ok(()));
        assert_eq!(packet, plain);
        let malformed = sender.protect_rtcp_bytes(&mut BytesMut::from(&plain[..7]));
        assert_eq!(malformed, Err(ProtectError::Malformed));
    }
}
