//! SRTP with FFmpeg and GStreamer, both ways: what the one encrypts the other hears, byte for byte.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rfc3550_rtp::{RtcpCompound, RtpPacket};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};
use rfc4568_sdes::{Crypto, CryptoSuite, InlineKey};

use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(20);
const SSRC: u32 = 1234;

/// Packets of a peer: two seconds of sound.
const HEARD: usize = 100;
/// Packets that a peer must have written before it is ended.
const WRITTEN: usize = 60;

pub(super) fn run() -> Result<()> {
    let folder = Workspace::new("srtp-media")?;
    let port = free_ports(2)?;
    let tone = folder.path().join("tone.ul");
    let mut ffmpeg = ffmpeg();
    sine(&mut ffmpeg).args(["-f", "mulaw"]).arg(&tone);
    output_within(LIMIT, &mut ffmpeg)?;
    for profile in [Profile::AesCm128HmacSha1_80, Profile::AesCm128HmacSha1_32] {
        let keys = Keys::new(profile)?;
        ffmpeg_sends(&folder, port, &keys, &std::fs::read(&tone)?)?;
        ffmpeg_receives(&folder, port, &keys)?;
        println!("FFmpeg, {}: both ways", profile.crypto_suite());
    }
    let mut gstreamer = gstreamer(&test_sound());
    gstreamer.args(["!", "filesink"]).arg(location(&tone));
    output_within(LIMIT, &mut gstreamer)?;
    for profile in [
        Profile::AesCm128HmacSha1_80,
        Profile::AesCm128HmacSha1_32,
        Profile::Aes256CmHmacSha1_80,
        Profile::AeadAes128Gcm,
        Profile::AeadAes256Gcm,
    ] {
        let keys = Keys::new(profile)?;
        gstreamer_sends(&folder, port, &keys, &std::fs::read(&tone)?)?;
        gstreamer_receives(&folder, port, &keys)?;
        println!("GStreamer, {}: both ways", profile.crypto_suite());
    }
    Ok(())
}

/// One master key in all the forms that peers want it.
struct Keys {
    profile: Profile,
    master_key: MasterKey,
    /// The value of an `a=crypto`.
    crypto: Crypto,
    hexadecimal: String,
}

impl Keys {
    fn new(profile: Profile) -> Result<Keys> {
        let (key_len, salt_len) = (profile.key_len(), profile.salt_len());
        let bytes: Vec<u8> = (0..key_len + salt_len)
            .map(|at| (at * 37 + 11) as u8)
            .collect();
        let suite = CryptoSuite::new(profile.crypto_suite()).context("no suite")?;
        Ok(Keys {
            profile,
            master_key: MasterKey::new(&bytes[..key_len], &bytes[key_len..]),
            crypto: Crypto::new(1, suite, vec![InlineKey::new(&bytes)], Vec::new())?,
            hexadecimal: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    fn base64(&self) -> String {
        let inline = self.crypto.keys().first().map(ToString::to_string);
        inline.unwrap_or_default().replace("inline:", "")
    }

    fn sender(&self) -> Result<Sender> {
        let keys = std::slice::from_ref(&self.master_key);
        Ok(Sender::new(Config::new(self.profile), keys)?)
    }

    fn receiver(&self) -> Result<Receiver> {
        let keys = std::slice::from_ref(&self.master_key);
        Ok(Receiver::new(Config::new(self.profile), keys)?)
    }

    /// The words of GStreamer's elements.
    fn ciphers(&self) -> (&'static str, &'static str) {
        match self.profile {
            Profile::AesCm128HmacSha1_32 => ("aes-128-icm", "hmac-sha1-32"),
            Profile::Aes256CmHmacSha1_80 => ("aes-256-icm", "hmac-sha1-80"),
            Profile::AeadAes128Gcm => ("aes-128-gcm", "null"),
            Profile::AeadAes256Gcm => ("aes-256-gcm", "null"),
            _ => ("aes-128-icm", "hmac-sha1-80"),
        }
    }
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-y"]);
    command
}

/// Two seconds of a tone, 20 milliseconds a packet.
fn sine(ffmpeg: &mut Command) -> &mut Command {
    ffmpeg
        .args(["-re", "-f", "lavfi", "-t", "2"])
        .args(["-i", "sine=frequency=440:sample_rate=8000"])
        .args(["-af", "asetnsamples=n=160", "-c:a", "pcm_mulaw"])
}

fn ffmpeg_sends(folder: &Workspace, port: u16, keys: &Keys, tone: &[u8]) -> Result<()> {
    let sockets = bind(port)?;
    let description = folder.path().join("ffmpeg.sdp");
    let mut command = ffmpeg();
    sine(&mut command)
        .args(["-f", "rtp", "-srtp_out_suite", keys.profile.crypto_suite()])
        .args(["-srtp_out_params", &keys.base64(), "-sdp_file"])
        .arg(&description)
        .arg(format!("srtp://127.0.0.1:{port}"));
    let mut peer = Peer::start(folder.path(), "ffmpeg-out", &mut command)?;
    let heard = listen(&sockets, keys, &mut peer)?;
    ensure!(heard.sound == tone, "another tone than FFmpeg's own");
    // With the suite of short tags it shortens that of SRTCP as well, against RFC 4568 §6.2.2.
    let is_short = keys.profile == Profile::AesCm128HmacSha1_32;
    ensure!((heard.reports > 0) != is_short, "SRTCP of FFmpeg");
    ensure!((heard.refused_reports > 0) == is_short, "SRTCP of FFmpeg");
    // What it says of its key is what we have told it.
    let description = std::fs::read_to_string(description)?;
    let mut lines = description.lines();
    let crypto = lines.find_map(|line| line.strip_prefix("a=crypto:"));
    let crypto = Crypto::parse(crypto.context("no a=crypto of FFmpeg")?)?;
    ensure!(crypto == keys.crypto, "FFmpeg describes {crypto:?}");
    Ok(())
}

fn ffmpeg_receives(folder: &Workspace, port: u16, keys: &Keys) -> Result<()> {
    let description = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\na=crypto:{}\r\n",
        keys.crypto
    );
    let description = folder.write("ours.sdp", description)?;
    let written = folder
        .path()
        .join(format!("ffmpeg-{}.ul", keys.profile.crypto_suite()));
    let mut command = ffmpeg();
    command
        .args(["-protocol_whitelist", "file,udp,rtp,srtp,crypto", "-i"])
        .arg(description)
        .args(["-c", "copy", "-flush_packets", "1", "-f", "mulaw"])
        .arg(&written);
    let peer = Peer::start(folder.path(), "ffmpeg-in", &mut command)?;
    speak(port, keys, peer, &written).context("FFmpeg")
}

fn gstreamer(elements: &str) -> Command {
    let mut command = Command::new("gst-launch-1.0");
    command.arg("-q").args(elements.split(' '));
    command
}

/// Two seconds of a tone, 20 milliseconds a packet.
fn test_sound() -> String {
    format!(
        "audiotestsrc freq=440 samplesperbuffer=160 num-buffers={HEARD} \
         ! audio/x-raw,rate=8000,channels=1 ! mulawenc"
    )
}

fn location(path: &Path) -> String {
    format!("location={}", path.display())
}

fn gstreamer_sends(folder: &Workspace, port: u16, keys: &Keys, tone: &[u8]) -> Result<()> {
    let sockets = bind(port)?;
    let (cipher, auth) = keys.ciphers();
    let elements = format!(
        "{} ! rtppcmupay ssrc={SSRC} ptime-multiple=20000000 ! srtpenc key={} \
         rtp-cipher={cipher} rtp-auth={auth} rtcp-cipher={cipher} rtcp-auth={auth} \
         ! udpsink host=127.0.0.1 port={port}",
        test_sound(),
        keys.hexadecimal
    );
    let mut peer = Peer::start(folder.path(), "gst-out", &mut gstreamer(&elements))?;
    let heard = listen(&sockets, keys, &mut peer)?;
    ensure!(heard.sound == tone, "another tone than GStreamer's own");
    Ok(())
}

fn gstreamer_receives(folder: &Workspace, port: u16, keys: &Keys) -> Result<()> {
    let (cipher, auth) = keys.ciphers();
    let sound = "media=audio,clock-rate=8000,encoding-name=PCMU,payload=0";
    let elements = format!(
        "udpsrc address=127.0.0.1 port={port} caps=application/x-srtp,{sound},\
         ssrc=(uint){SSRC},srtp-key=(buffer){},srtp-cipher={cipher},srtp-auth={auth},\
         srtcp-cipher={cipher},srtcp-auth={auth} ! srtpdec ! application/x-rtp,{sound} \
         ! rtppcmudepay ! filesink buffer-mode=unbuffered",
        keys.hexadecimal
    );
    let written = folder
        .path()
        .join(format!("gstreamer-{}.ul", keys.profile.crypto_suite()));
    let mut command = gstreamer(&elements);
    command.arg(location(&written));
    let peer = Peer::start(folder.path(), "gst-in", &mut command)?;
    speak(port, keys, peer, &written).context("GStreamer")
}

/// Sockets for RTP and for RTCP.
fn bind(port: u16) -> Result<[UdpSocket; 2]> {
    let bind = |port| UdpSocket::bind(("127.0.0.1", port));
    let sockets = [bind(port)?, bind(port + 1)?];
    for socket in &sockets {
        socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    }
    Ok(sockets)
}

/// What a peer has sent.
#[derive(Default)]
struct Heard {
    sound: Vec<u8>,
    reports: usize,
    refused_reports: usize,
}

/// Listens until the peer has ended and nothing more comes. Every packet of RTP must be genuine,
/// and come in order.
fn listen(sockets: &[UdpSocket; 2], keys: &Keys, peer: &mut Peer) -> Result<Heard> {
    let mut receiver = keys.receiver()?;
    let mut heard = Heard::default();
    let mut expected = None;
    let start = Instant::now();
    let mut buffer = [0; 2048];
    let mut silent = false;
    loop {
        let Some(len) = received(&sockets[0], &mut buffer)? else {
            while let Some(len) = received(&sockets[1], &mut buffer)? {
                let Ok(len) = receiver.unprotect_rtcp(&mut buffer[..len]) else {
                    heard.refused_reports += 1;
                    continue;
                };
                RtcpCompound::parse(&buffer[..len])?;
                heard.reports += 1;
            }
            if silent {
                return Ok(heard);
            }
            silent = peer.wait(Duration::ZERO).is_ok();
            if start.elapsed() > LIMIT {
                bail!("the peer does not end: {}", peer.log().trim());
            }
            continue;
        };
        let len = receiver.unprotect_rtp(&mut buffer[..len])?;
        let packet = RtpPacket::parse(&buffer[..len])?;
        let number = packet.sequence_number().0;
        ensure!(
            expected.is_none_or(|expected| expected == number),
            "packet {number} instead of {expected:?}"
        );
        expected = Some(number.wrapping_add(1));
        heard.sound.extend(packet.payload());
    }
}

fn received(socket: &UdpSocket, buffer: &mut [u8]) -> Result<Option<usize>> {
    match socket.recv(buffer) {
        Ok(len) => Ok(Some(len)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends until the peer has written enough, which must be a piece of what was sent.
fn speak(port: u16, keys: &Keys, mut peer: Peer, written: &Path) -> Result<()> {
    let start = Instant::now();
    while UdpSocket::bind(("127.0.0.1", port)).is_ok() {
        ensure!(start.elapsed() < LIMIT, "no socket: {}", peer.log().trim());
        thread::sleep(Duration::from_millis(20));
    }
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    let mut sender = keys.sender()?;
    let mut said = Vec::new();
    let mut count = 0_u32;
    loop {
        // The rollover counter is one soon.
        let number = 65_500_u16.wrapping_add(count as u16);
        let payload: Vec<u8> = (0..160).map(|at| (count * 7 + at * 3) as u8).collect();
        let mut packet = vec![0x80, 0];
        packet.extend(number.to_be_bytes());
        packet.extend((count * 160).to_be_bytes());
        packet.extend(SSRC.to_be_bytes());
        packet.extend(&payload);
        sender.protect_rtp_vec(&mut packet)?;
        // Whoever does not listen yet, or any more, is no error.
        let _ = socket.send_to(&packet, ("127.0.0.1", port));
        said.extend(payload);
        let heard = std::fs::read(written).unwrap_or_default();
        if heard.len() >= WRITTEN * 160 {
            let is_piece = said.windows(heard.len()).any(|piece| piece == heard);
            ensure!(is_piece, "what it has written was not sent");
            return Ok(());
        }
        if start.elapsed() > LIMIT || peer.wait(Duration::ZERO).is_ok() {
            bail!("{} bytes written: {}", heard.len(), peer.log().trim());
        }
        thread::sleep(Duration::from_millis(10));
        count += 1;
    }
}
