//! What an offer and its answer come to for a stream: what each side sends and receives, and where (§6, §7).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use rfc4566_sdp::Direction;

use crate::address::{Address, Destination};
use crate::capability::{BandwidthLimit, StreamId};
use crate::direction::intersection;
use crate::fmtp::Rules;
use crate::format::MediaFormat;
use crate::key::Key;
use crate::profile::Profile;
use crate::section::{MediaSection, Notes};
use crate::violation::ViolationKind;

/// A stream that both sides accepted, from our point of view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgreedStream {
    /// The stream.
    pub id: StreamId,
    /// Its `m=` line, counted from 0.
    pub medium: usize,
    /// The media type.
    pub media: String,
    /// The profile.
    pub profile: Profile,
    /// What we do: send and receive as both sides want it. It does not send while the peer's address is `0.0.0.0`
    /// or its bandwidth 0, whatever its direction attribute says (§5.1, §8.4).
    pub direction: Direction,
    /// What we may send while the direction allows it, with the numbers and parameters of the peer, its favourite
    /// first (§6.1, §7).
    pub send: Vec<MediaFormat>,
    /// What we have to be ready to receive while the direction allows it, with our numbers and parameters.
    pub receive: Vec<MediaFormat>,
    /// The formats in common where the profile is not RTP's, the peer's favourite first.
    pub formats: Vec<String>,
    /// Where we receive.
    pub local: Destination,
    /// Where we receive RTCP.
    pub local_rtcp: Option<Destination>,
    /// Where we send to; `None` while the peer's address is `0.0.0.0`.
    pub remote: Option<Destination>,
    /// Where we send RTCP to, whatever the direction; `None` where no RTCP is to be sent (§5.1, §8.4).
    pub remote_rtcp: Option<Destination>,
    /// Whether RTP and RTCP share the port.
    pub rtcp_mux: bool,
    /// Whether it is a multicast stream: both sides send to the group and receive from it (§6.2).
    pub is_multicast: bool,
    /// How much media the peer wants in a packet.
    pub send_ptime: Option<Duration>,
    /// How much media the peer takes in a packet at most.
    pub send_maxptime: Option<Duration>,
    /// How much media we asked for in a packet.
    pub receive_ptime: Option<Duration>,
    /// How much the peer wants to receive at most.
    pub send_bandwidth: Vec<BandwidthLimit>,
    /// The key that we send with.
    pub local_key: Option<Key>,
    /// The key that the peer sends with.
    pub remote_key: Option<Key>,
    /// Whether the peer put us on hold: it does not want to receive, or has no address (§8.4).
    pub is_held_by_peer: bool,
}

/// Which of the two descriptions is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Offerer,
    Answerer,
}

impl AgreedStream {
    /// What to send by default: the peer's favourite that is more than an auxiliary format.
    pub fn codec(&self) -> Option<&MediaFormat> {
        let mut codecs = self.send.iter();
        codecs
            .find(|format| !format.is_auxiliary())
            .or(self.send.first())
    }

    /// How to send telephone events along with a codec of this clock rate (RFC 4733 §2.1).
    pub fn telephone_event(&self, clock_rate: u32) -> Option<&MediaFormat> {
        self.send.iter().find(|format| {
            format.clock_rate == clock_rate
                && format.encoding_name.eq_ignore_ascii_case("telephone-event")
        })
    }

    /// What an accepted medium comes to. `wish` is what we want to do, which matters for multicast only.
    pub(crate) fn new(
        id: StreamId,
        medium: usize,
        role: Role,
        (local, remote): (&MediaSection, &MediaSection),
        wish: Direction,
        rules: Rules<'_>,
    ) -> Result<Self, ViolationKind> {
        let (offer, answer) = match role {
            Role::Offerer => (local, remote),
            Role::Answerer => (remote, local),
        };
        let is_rtp = local.profile.is_rtp();
        let (receive, send) = common_codecs(role, local, remote, rules);
        let formats: Vec<String> = if is_rtp {
            Vec::new()
        } else {
            let ours = |format: &&String| local.formats.contains(format);
            remote.formats.iter().filter(ours).cloned().collect()
        };
        if send.is_empty() && formats.is_empty() {
            return Err(ViolationKind::NoCommonFormat);
        }
        let (local_key, remote_key) = keys(role, local, remote)?;
        let is_multicast = offer.is_multicast();
        let mut direction = if is_multicast {
            intersection(wish, answer.direction)
        } else {
            intersection(local.direction, remote.direction.reversed())
        };
        let remote_address = remote.destination();
        if remote_address.is_none() || remote.wants_silence() {
            direction = intersection(direction, Direction::RecvOnly);
        }
        let rtcp_mux = is_rtp && offer.rtcp_mux && answer.rtcp_mux;
        let rtcp = |section: &MediaSection| match (is_rtp, rtcp_mux) {
            (false, _) => None,
            (true, true) => section.destination(),
            (true, false) => section.rtcp_destination(),
        };
        Ok(Self {
            id,
            medium,
            media: local.media.clone(),
            profile: local.profile.clone(),
            direction,
            send,
            receive,
            formats,
            local: Destination {
                address: local.address.clone().ok_or(ViolationKind::NoConnection)?,
                port: local.port,
            },
            local_rtcp: rtcp(local),
            remote_rtcp: rtcp(remote).filter(|_| !remote.wants_silence()),
            is_held_by_peer: !is_multicast && !remote.direction.receives()
                || remote_address.is_none(),
            remote: remote_address,
            rtcp_mux,
            is_multicast,
            send_ptime: remote.ptime,
            send_maxptime: remote.maxptime,
            receive_ptime: local.ptime,
            send_bandwidth: remote.bandwidth.clone(),
            local_key,
            remote_key,
        })
    }
}

/// Checks a live medium of an answer against the offer (§6.1, §6.2).
pub(crate) fn check_answer(
    offer: &MediaSection,
    answer: &MediaSection,
    notes: &mut Notes,
) -> Result<(), ViolationKind> {
    if offer.is_multicast() {
        return check_multicast(offer, answer, notes);
    }
    if answer.is_multicast() {
        return Err(ViolationKind::MulticastAnswer);
    }
    let allowed = intersection(answer.direction, offer.direction.reversed());
    if answer.direction != allowed {
        notes.push(ViolationKind::Direction);
    }
    if answer.rtcp_mux && !offer.rtcp_mux {
        notes.push(ViolationKind::RtcpMux);
    }
    Ok(())
}

fn check_multicast(
    offer: &MediaSection,
    answer: &MediaSection,
    notes: &mut Notes,
) -> Result<(), ViolationKind> {
    let host = |section: &MediaSection| section.address.as_ref().and_then(Address::ip);
    if host(offer) != host(answer) || offer.port != answer.port {
        return Err(ViolationKind::MulticastAddress);
    }
    let is_offered = |codec: &MediaFormat| {
        let mut offered = offer.codecs.iter();
        offered.any(|other| other.payload_type == codec.payload_type && other.same_encoding(codec))
    };
    let same = offer.direction == answer.direction
        && (offer.ptime.is_none() || offer.ptime == answer.ptime)
        && (offer.bandwidth.is_empty() || offer.bandwidth == answer.bandwidth)
        && answer.codecs.iter().all(is_offered);
    if !same {
        notes.push(ViolationKind::MulticastParameters);
    }
    Ok(())
}

/// The codecs that are in both descriptions: ours as we wrote them, theirs as they did.
///
/// For each of the answer, in its order, the first of the offer that is the same codec with parameters that go
/// together; one with the same number comes before the others.
fn common_codecs(
    role: Role,
    local: &MediaSection,
    remote: &MediaSection,
    rules: Rules<'_>,
) -> (Vec<MediaFormat>, Vec<MediaFormat>) {
    let matches = |ours: &MediaFormat, theirs: &MediaFormat| {
        ours.same_encoding(theirs)
            && rules
                .apply(&ours.encoding_name, &ours.fmtp, &theirs.fmtp)
                .is_some()
    };
    let (offered, answered) = match role {
        Role::Offerer => (&local.codecs, &remote.codecs),
        Role::Answerer => (&remote.codecs, &local.codecs),
    };
    let mut offered_used = alloc::vec![false; offered.len()];
    let mut answered_used = alloc::vec![false; answered.len()];
    for (answer, answer_used) in answered.iter().zip(&mut answered_used) {
        let fits = |offer: &MediaFormat| match role {
            Role::Offerer => matches(offer, answer),
            Role::Answerer => matches(answer, offer),
        };
        let candidate = |same_number: bool| {
            let mut pairs = offered.iter().zip(&offered_used);
            pairs.position(|(offer, used)| {
                !used && (!same_number || offer.payload_type == answer.payload_type) && fits(offer)
            })
        };
        if let Some(place) = candidate(true).or_else(|| candidate(false)) {
            *answer_used = true;
            if let Some(used) = offered_used.get_mut(place) {
                *used = true;
            }
        }
    }
    let used = |codecs: &[MediaFormat], used: &[bool]| {
        let pairs = codecs.iter().zip(used);
        pairs
            .filter(|(_, used)| **used)
            .map(|(codec, _)| codec.clone())
            .collect()
    };
    let (offered, answered) = (used(offered, &offered_used), used(answered, &answered_used));
    match role {
        Role::Offerer => (offered, answered),
        Role::Answerer => (answered, offered),
    }
}

/// Our key and the peer's: the one of the answer, and that of the offer with its tag and suite (RFC 4568 §5.1.3).
fn keys(
    role: Role,
    local: &MediaSection,
    remote: &MediaSection,
) -> Result<(Option<Key>, Option<Key>), ViolationKind> {
    if !local.profile.wants_keys() {
        return Ok((None, None));
    }
    let (offer, answer) = match role {
        Role::Offerer => (local, remote),
        Role::Answerer => (remote, local),
    };
    let [answered] = answer.keys.as_slice() else {
        return Err(ViolationKind::Key);
    };
    let mut offered = offer.keys.iter();
    let offered = offered
        .find(|key| key.same_tag_and_suite(answered))
        .ok_or(ViolationKind::Key)?;
    let pair = (Some(offered.clone()), Some(answered.clone()));
    Ok(match role {
        Role::Offerer => pair,
        Role::Answerer => (pair.1, pair.0),
    })
}
