//! Any attribute that this crate types, by its name.

use super::*;

/// An attribute with its value typed, whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownAttribute<'a> {
    /// `a=sendrecv`, `sendonly`, `recvonly`, `inactive`
    Direction(Direction),
    /// `a=rtpmap`
    Rtpmap(Rtpmap<'a>),
    /// `a=fmtp`
    Fmtp(Fmtp<'a>),
    /// `a=ptime`
    Ptime(Ptime),
    /// `a=maxptime`
    MaxPtime(MaxPtime),
    /// `a=rtcp`
    Rtcp(Rtcp<'a>),
    /// `a=rtcp-mux`
    RtcpMux(RtcpMux),
    /// `a=rtcp-rsize`
    RtcpRsize(RtcpRsize),
    /// `a=rtcp-fb`
    RtcpFb(RtcpFb<'a>),
    /// `a=crypto`
    Crypto(Crypto<'a>),
    /// `a=setup`
    Setup(Setup),
    /// `a=connection`
    ConnectionUse(ConnectionUse),
    /// `a=fingerprint`
    Fingerprint(Fingerprint<'a>),
    /// `a=ssrc`
    Ssrc(Ssrc<'a>),
    /// `a=ssrc-group`
    SsrcGroup(SsrcGroup<'a>),
    /// `a=mid`
    Mid(Mid<'a>),
    /// `a=group`
    Group(Group<'a>),
    /// `a=msid`
    Msid(Msid<'a>),
    /// `a=ice-ufrag`
    IceUfrag(IceUfrag<'a>),
    /// `a=ice-pwd`
    IcePwd(IcePwd<'a>),
    /// `a=ice-options`
    IceOptions(IceOptions<'a>),
    /// `a=ice-lite`
    IceLite(IceLite),
    /// `a=candidate`
    Candidate(Candidate<'a>),
    /// `a=remote-candidates`
    RemoteCandidates(RemoteCandidates<'a>),
    /// `a=end-of-candidates`
    EndOfCandidates(EndOfCandidates),
    /// `a=extmap`
    Extmap(Extmap<'a>),
    /// `a=extmap-allow-mixed`
    ExtmapAllowMixed(ExtmapAllowMixed),
    /// `a=imageattr`
    ImageAttr(ImageAttr<'a>),
    /// `a=framerate`
    Framerate(Framerate<'a>),
    /// `a=quality`
    Quality(Quality),
    /// `a=cat`
    Cat(Cat<'a>),
    /// `a=keywds`
    Keywds(Keywds<'a>),
    /// `a=tool`
    Tool(Tool<'a>),
    /// `a=orient`
    Orient(Orient<'a>),
    /// `a=type`
    ConferenceType(ConferenceType<'a>),
    /// `a=charset`
    Charset(Charset<'a>),
    /// `a=sdplang`
    SdpLang(SdpLang<'a>),
    /// `a=lang`
    Lang(Lang<'a>),
    /// `a=label`
    Label(Label<'a>),
    /// `a=control`
    Control(Control<'a>),
    /// `a=range`
    Range(Range<'a>),
}

impl<'a> KnownAttribute<'a> {
    /// Reads an attribute; `None` if its name is none that this crate knows.
    pub fn parse(attribute: &AttributeField<'a>) -> Result<Option<Self>, ParseError> {
        Ok(Some(match attribute.name().as_bytes() {
            b"rtpmap" => Self::Rtpmap(attribute.parse()?),
            b"fmtp" => Self::Fmtp(attribute.parse()?),
            b"ptime" => Self::Ptime(attribute.parse()?),
            b"maxptime" => Self::MaxPtime(attribute.parse()?),
            b"rtcp" => Self::Rtcp(attribute.parse()?),
            b"rtcp-mux" => Self::RtcpMux(attribute.parse()?),
            b"rtcp-rsize" => Self::RtcpRsize(attribute.parse()?),
            b"rtcp-fb" => Self::RtcpFb(attribute.parse()?),
            b"crypto" => Self::Crypto(attribute.parse()?),
            b"setup" => Self::Setup(attribute.parse()?),
            b"connection" => Self::ConnectionUse(attribute.parse()?),
            b"fingerprint" => Self::Fingerprint(attribute.parse()?),
            b"ssrc" => Self::Ssrc(attribute.parse()?),
            b"ssrc-group" => Self::SsrcGroup(attribute.parse()?),
            b"mid" => Self::Mid(attribute.parse()?),
            b"group" => Self::Group(attribute.parse()?),
            b"msid" => Self::Msid(attribute.parse()?),
            b"ice-ufrag" => Self::IceUfrag(attribute.parse()?),
            b"ice-pwd" => Self::IcePwd(attribute.parse()?),
            b"ice-options" => Self::IceOptions(attribute.parse()?),
            b"ice-lite" => Self::IceLite(attribute.parse()?),
            b"candidate" => Self::Candidate(attribute.parse()?),
            b"remote-candidates" => Self::RemoteCandidates(attribute.parse()?),
            b"end-of-candidates" => Self::EndOfCandidates(attribute.parse()?),
            b"extmap" => Self::Extmap(attribute.parse()?),
            b"extmap-allow-mixed" => Self::ExtmapAllowMixed(attribute.parse()?),
            b"imageattr" => Self::ImageAttr(attribute.parse()?),
            b"framerate" => Self::Framerate(attribute.parse()?),
            b"quality" => Self::Quality(attribute.parse()?),
            b"cat" => Self::Cat(attribute.parse()?),
            b"keywds" => Self::Keywds(attribute.parse()?),
            b"tool" => Self::Tool(attribute.parse()?),
            b"orient" => Self::Orient(attribute.parse()?),
            b"type" => Self::ConferenceType(attribute.parse()?),
            b"charset" => Self::Charset(attribute.parse()?),
            b"sdplang" => Self::SdpLang(attribute.parse()?),
            b"lang" => Self::Lang(attribute.parse()?),
            b"label" => Self::Label(attribute.parse()?),
            b"control" => Self::Control(attribute.parse()?),
            b"range" => Self::Range(attribute.parse()?),
            name => return Ok(Direction::from_name(name).map(Self::Direction)),
        }))
    }
}
