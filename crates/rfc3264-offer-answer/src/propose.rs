//! One medium of our offers and answers, made from a stream (§5.1, §6.1, §6.2).

use alloc::string::String;
use alloc::vec::Vec;

use crate::capability::Stream;
use crate::direction::intersection;
use crate::error::UsageError;
use crate::fmtp::Rules;
use crate::format::{Codec, MediaFormat};
use crate::key::Key;
use crate::payload_types::PayloadTypes;
use crate::profile::Profile;
use crate::section::MediaSection;

/// The offer of a stream. `before` is the profile it has by now, which it keeps while that is acceptable.
pub(crate) fn offer(
    stream: &Stream,
    before: Option<&Profile>,
    types: &PayloadTypes,
    rules: Rules<'_>,
) -> Result<MediaSection, UsageError> {
    let no_format = UsageError::NoFormat(stream.id);
    let kept = before.filter(|&profile| stream.profiles.contains(profile));
    let profile = kept.or(stream.profiles.first()).ok_or(no_format)?;
    let mut codecs: Vec<MediaFormat> = Vec::new();
    if profile.is_rtp() {
        for codec in &stream.codecs {
            let number = types.number(codec, &codecs, rules).ok_or(no_format)?;
            codecs.push(codec.numbered(number, codec.fmtp.clone()));
        }
    }
    let mut keys = Vec::new();
    if profile.wants_keys() {
        keys.clone_from(&stream.keys);
        let repeated = |(place, key): (usize, &Key)| {
            keys.iter()
                .skip(place + 1)
                .any(|other| other.tag() == key.tag())
        };
        if keys.is_empty() || keys.iter().enumerate().any(repeated) {
            return Err(UsageError::Key(stream.id));
        }
    }
    let section = section(stream, profile, codecs, stream.formats.clone(), keys);
    if section.formats.is_empty() {
        return Err(no_format);
    }
    Ok(section)
}

/// Our answer to a medium by means of a stream; `None` if the stream cannot be used for it.
pub(crate) fn answer(
    offer: &MediaSection,
    stream: &Stream,
    types: &PayloadTypes,
    rules: Rules<'_>,
) -> Option<MediaSection> {
    let is_multicast = offer.is_multicast();
    if offer.media != stream.media
        || !stream.profiles.contains(&offer.profile)
        || is_multicast && !stream.accepts_multicast
        || !is_multicast && stream.address.is_multicast()
    {
        return None;
    }
    let mut formats = Vec::new();
    let mut codecs = Vec::new();
    if offer.profile.is_rtp() {
        codecs = common_codecs(offer, stream, types, rules);
        if codecs.is_empty() {
            return None;
        }
    } else {
        let ours = |format: &&String| stream.formats.contains(format);
        formats.extend(offer.formats.iter().filter(ours).cloned());
        if formats.is_empty() {
            return None;
        }
    }
    let mut keys = Vec::new();
    if offer.profile.wants_keys() {
        let common = offer.keys.iter().find_map(|offered| {
            let ours = stream
                .keys
                .iter()
                .find(|key| key.suite() == offered.suite())?;
            Some(ours.with_tag(offered.tag()))
        });
        keys.push(common?);
    }
    let mut section = section(stream, &offer.profile, codecs, formats, keys);
    section.rtcp_mux &= offer.rtcp_mux;
    if is_multicast {
        // All participants have the same view of the stream (§6.2).
        section.address.clone_from(&offer.address);
        section.port = offer.port;
        section.direction = offer.direction;
        section.ptime = offer.ptime.or(section.ptime);
        section.bandwidth.clone_from(&offer.bandwidth);
        section.rtcp.clone_from(&offer.rtcp);
    } else {
        section.direction = intersection(stream.effective_direction(), offer.direction.reversed());
    }
    Some(section)
}

/// What a stream says of itself in offers and answers alike.
fn section(
    stream: &Stream,
    profile: &Profile,
    codecs: Vec<MediaFormat>,
    formats: Vec<String>,
    keys: Vec<Key>,
) -> MediaSection {
    MediaSection {
        media: stream.media.clone(),
        port: stream.port,
        profile: profile.clone(),
        formats: if profile.is_rtp() {
            codecs
                .iter()
                .map(|codec| alloc::format!("{}", codec.payload_type))
                .collect()
        } else {
            formats
        },
        codecs,
        address: Some(stream.address.clone()),
        direction: stream.effective_direction(),
        ptime: stream.ptime,
        maxptime: stream.maxptime,
        bandwidth: stream.bandwidth.clone(),
        keys,
        rtcp: stream
            .rtcp_port
            .filter(|_| profile.is_rtp())
            .map(|port| (port, None)),
        rtcp_mux: stream.rtcp_mux && profile.is_rtp(),
        attributes: stream.attributes.clone(),
    }
}

/// The codecs of the offer that the stream has, in the order and with the numbers of the offer.
///
/// Each codec of ours answers one of the offer. Auxiliary ones stay only beside another codec of their clock rate,
/// unless the offer has nothing else. Empty if nothing of use is in common.
fn common_codecs(
    offer: &MediaSection,
    stream: &Stream,
    types: &PayloadTypes,
    rules: Rules<'_>,
) -> Vec<MediaFormat> {
    let mut unused: Vec<&Codec> = stream.codecs.iter().collect();
    let mut codecs: Vec<MediaFormat> = Vec::new();
    for offered in &offer.codecs {
        let found = unused.iter().enumerate().find_map(|(place, codec)| {
            let is_same = codec.is_encoding_of(offered);
            let fmtp = is_same
                .then(|| rules.apply(&codec.encoding_name, &codec.fmtp, &offered.fmtp))??;
            Some((place, fmtp))
        });
        let Some((place, fmtp)) = found else { continue };
        let codec = unused.remove(place);
        let kept = types.allows(offered.payload_type, codec, rules)
            && !codecs
                .iter()
                .any(|other| other.payload_type == offered.payload_type);
        let number = match kept {
            true => Some(offered.payload_type),
            // All participants have the same view of a multicast stream (§6.2).
            false if offer.is_multicast() => None,
            // Nor one that the offer uses, or it would mean two things at once.
            false => types.number(codec, &[offer.codecs.as_slice(), &codecs].concat(), rules),
        };
        if let Some(number) = number {
            codecs.push(codec.numbered(number, fmtp));
        }
    }
    if offer.codecs.iter().any(|format| !format.is_auxiliary()) {
        let clock_rates: Vec<u32> = codecs
            .iter()
            .filter(|format| !format.is_auxiliary())
            .map(|format| format.clock_rate)
            .collect();
        codecs.retain(|format| clock_rates.contains(&format.clock_rate));
    }
    codecs
}
