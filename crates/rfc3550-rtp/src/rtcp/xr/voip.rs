//! The VoIP metrics block (RFC 3611 §4.7).

use crate::rtcp::write;

/// The quality of a call as one end saw it. Values that are not known are 127 where so noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VoipMetrics {
    /// The source of the packets.
    pub ssrc: u32,
    /// The part of the packets lost since reception began, in 1/256 (§4.7.1).
    pub loss_rate: u8,
    /// The part of the packets discarded, in 1/256 (§4.7.1).
    pub discard_rate: u8,
    /// The part lost or discarded within bursts, in 1/256 (§4.7.2).
    pub burst_density: u8,
    /// The part lost or discarded within gaps, in 1/256 (§4.7.2).
    pub gap_density: u8,
    /// The mean duration of bursts in ms (§4.7.2).
    pub burst_duration: u16,
    /// The mean duration of gaps in ms (§4.7.2).
    pub gap_duration: u16,
    /// The round-trip time in ms (§4.7.3).
    pub round_trip_delay: u16,
    /// The delay within the end system in ms (§4.7.3).
    pub end_system_delay: u16,
    /// The voice signal's level relative to 0 dBm in dB, 127 if not known (§4.7.4).
    pub signal_level: i8,
    /// The noise level relative to 0 dBm in dB, 127 if not known (§4.7.4).
    pub noise_level: i8,
    /// The residual echo return loss in dB, 127 if not known (§4.7.4).
    pub rerl: u8,
    /// The gap threshold: packets received between losses that make a gap, 16 unless there is a
    /// reason, never 0 (§4.7.6).
    pub gmin: u8,
    /// The R factor, 0 to 100, 127 if not known (§4.7.5).
    pub r_factor: u8,
    /// The R factor of the network beyond, 0 to 100, 127 if not known (§4.7.5).
    pub external_r_factor: u8,
    /// Ten times the mean opinion score for listening, 10 to 50, 127 if not known (§4.7.5).
    pub mos_lq: u8,
    /// Ten times the mean opinion score for conversation, 10 to 50, 127 if not known (§4.7.5).
    pub mos_cq: u8,
    /// Packet loss concealment, two bits; jitter buffer adaptive, two; its rate, four (§4.7.6).
    pub receiver_configuration: u8,
    /// The jitter buffer's nominal delay in ms (§4.7.7).
    pub jitter_buffer_nominal: u16,
    /// Its present greatest delay in ms (§4.7.7).
    pub jitter_buffer_maximum: u16,
    /// The greatest delay that it can have in ms (§4.7.7).
    pub jitter_buffer_absolute_maximum: u16,
}

impl VoipMetrics {
    /// Octets of the contents.
    pub(super) const LEN: usize = 32;

    /// What is written where a level, a factor or a score is not known.
    pub const UNKNOWN: u8 = 127;

    pub(super) const fn read(contents: &[u8; Self::LEN]) -> Self {
        let [
            s0,
            s1,
            s2,
            s3,
            loss_rate,
            discard_rate,
            burst_density,
            gap_density,
            b0,
            b1,
            g0,
            g1,
            r0,
            r1,
            e0,
            e1,
            signal_level,
            noise_level,
            rerl,
            gmin,
            r_factor,
            external_r_factor,
            mos_lq,
            mos_cq,
            receiver_configuration,
            _,
            n0,
            n1,
            m0,
            m1,
            a0,
            a1,
        ] = *contents;
        Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            loss_rate,
            discard_rate,
            burst_density,
            gap_density,
            burst_duration: u16::from_be_bytes([b0, b1]),
            gap_duration: u16::from_be_bytes([g0, g1]),
            round_trip_delay: u16::from_be_bytes([r0, r1]),
            end_system_delay: u16::from_be_bytes([e0, e1]),
            signal_level: signal_level as i8,
            noise_level: noise_level as i8,
            rerl,
            gmin,
            r_factor,
            external_r_factor,
            mos_lq,
            mos_cq,
            receiver_configuration,
            jitter_buffer_nominal: u16::from_be_bytes([n0, n1]),
            jitter_buffer_maximum: u16::from_be_bytes([m0, m1]),
            jitter_buffer_absolute_maximum: u16::from_be_bytes([a0, a1]),
        }
    }

    /// Writes the contents to exactly their length.
    pub(super) fn write(&self, mut out: &mut [u8]) {
        *write::take(&mut out) = self.ssrc.to_be_bytes();
        *write::take(&mut out) = [
            self.loss_rate,
            self.discard_rate,
            self.burst_density,
            self.gap_density,
        ];
        for field in [
            self.burst_duration,
            self.gap_duration,
            self.round_trip_delay,
            self.end_system_delay,
        ] {
            *write::take(&mut out) = field.to_be_bytes();
        }
        *write::take(&mut out) = [
            self.signal_level as u8,
            self.noise_level as u8,
            self.rerl,
            self.gmin,
            self.r_factor,
            self.external_r_factor,
            self.mos_lq,
            self.mos_cq,
            self.receiver_configuration,
            0,
        ];
        for field in [
            self.jitter_buffer_nominal,
            self.jitter_buffer_maximum,
            self.jitter_buffer_absolute_maximum,
        ] {
            *write::take(&mut out) = field.to_be_bytes();
        }
    }
}
