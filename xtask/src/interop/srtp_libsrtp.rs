//! `rfc3711-srtp` against libsrtp: both protect the same packets to the same bytes, and give the
//! same verdict on what arrives over a network that loses, reorders, repeats and forges.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender, UnprotectError};
use testkit::Random;

use super::output_within;
use super::peer::Workspace;
use crate::workspace::root;

/// Packets protected under each profile.
const PACKETS: usize = 1_000_000;
/// Packets that are handed over together.
const BATCH: usize = 4096;
const LIMIT: Duration = Duration::from_secs(60);

/// By how much the sequence number of each stream grows at most: slow streams, and such as wrap
/// hundreds of times.
const STEPS: [u64; 12] = [1, 1, 1, 2, 3, 5, 10, 30, 100, 200, 300, 500];

/// What is compared: under which name libsrtp knows it, and whether it encrypts.
const SUITES: [(&str, Profile, bool); 7] = [
    (
        "AES_CM_128_HMAC_SHA1_80",
        Profile::AesCm128HmacSha1_80,
        true,
    ),
    (
        "AES_CM_128_HMAC_SHA1_32",
        Profile::AesCm128HmacSha1_32,
        true,
    ),
    (
        "AES_256_CM_HMAC_SHA1_80",
        Profile::Aes256CmHmacSha1_80,
        true,
    ),
    (
        "AES_256_CM_HMAC_SHA1_32",
        Profile::Aes256CmHmacSha1_32,
        true,
    ),
    ("AEAD_AES_128_GCM", Profile::AeadAes128Gcm, true),
    ("AEAD_AES_256_GCM", Profile::AeadAes256Gcm, true),
    ("NULL_HMAC_SHA1_80", Profile::AesCm128HmacSha1_80, false),
];

pub(super) fn run() -> Result<()> {
    if cfg!(debug_assertions) {
        return run_optimised();
    }
    let folder = Workspace::new("srtp-libsrtp")?;
    let program = compile(&folder)?;
    for (name, profile, encrypts) in SUITES {
        let mut random = Random::new(profile.key_len() as u64);
        let start = Instant::now();
        let mut both = Both::start(&program, name, profile, encrypts, &mut random)?;
        let tally = both.compare(&mut random).context(name)?;
        println!("{name}: {tally}, {:.1} s", start.elapsed().as_secs_f32());
    }
    aes_192_is_derived_otherwise(&program)
}

/// libsrtp derives the session keys of AES-192 with AES-256: master key, master salt and zeroes
/// are taken for a key of 32 bytes and a salt of 14. RFC 6188 §3 has AES-192, and vectors.
fn aes_192_is_derived_otherwise(program: &Path) -> Result<()> {
    let suite = "AES_192_CM_HMAC_SHA1_80";
    let mut key: Vec<u8> = (1..=38).collect();
    let mut libsrtp = Libsrtp::start(program, suite, &key)?;
    let plain = [[0x80, 0, 0, 1], [0; 4], [1; 4]].concat();
    let reply = libsrtp.exchange(false, [(Kind::Rtp, &plain[..])].into_iter());
    let Ok([(Verdict::Done, packet)]) = reply.as_deref() else {
        println!("{suite}: not offered by this libsrtp");
        return Ok(());
    };
    key.resize(46, 0);
    let theirs = [MasterKey::new(&key[..32], &key[32..])];
    let ours = [MasterKey::new(&key[..24], &key[24..38])];
    for (profile, keys, expected) in [
        (Profile::Aes256CmHmacSha1_80, theirs, true),
        (Profile::Aes192CmHmacSha1_80, ours, false),
    ] {
        let mut receiver = Receiver::new(Config::new(profile), &keys)?;
        let accepted = receiver.unprotect_rtp_vec(&mut packet.clone()).is_ok();
        ensure!(
            accepted == expected,
            "libsrtp derives AES-192 in another way now"
        );
    }
    println!("{suite}: not compared, libsrtp derives its session keys with AES-256");
    Ok(())
}

/// A million packets under each profile want an optimised build.
fn run_optimised() -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
        .args(["interop", "srtp-libsrtp"])
        .status()?;
    ensure!(status.success(), "the optimised build ended with {status}");
    Ok(())
}

/// Compiles the program that has libsrtp do what we say.
fn compile(folder: &Workspace) -> Result<PathBuf> {
    let source = folder.write("peer.c", include_str!("srtp_libsrtp/peer.c"))?;
    let flags = output_within(
        LIMIT,
        Command::new("pkg-config").args(["--cflags", "--libs", "libsrtp2"]),
    )?;
    let program = folder.path().join("peer");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-Wall", "-Werror", "-o"])
        .arg(&program)
        .arg(source)
        .args(flags.split_whitespace());
    output_within(LIMIT, &mut cc)?;
    Ok(program)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Done,
    Replayed,
    Refused,
}

/// What libsrtp has made of a packet.
type Reply = (Verdict, Vec<u8>);

/// libsrtp in a process of its own.
struct Libsrtp {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Libsrtp {
    fn start(program: &Path, suite: &str, key: &[u8]) -> Result<Libsrtp> {
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut child = Command::new(program)
            .args([suite, &digits])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("no standard input")?;
        let from = child.stdout.take().context("no standard output")?;
        Ok(Libsrtp { child, to, from })
    }

    /// Has each packet protected or unprotected.
    fn exchange<'p>(
        &mut self,
        unprotect: bool,
        packets: impl Iterator<Item = (Kind, &'p [u8])>,
    ) -> Result<Vec<Reply>> {
        let mut batch = vec![0; 4];
        for (kind, packet) in packets {
            batch.push(u8::from(unprotect) * 2 + u8::from(kind == Kind::Rtcp));
            batch.extend(u16::try_from(packet.len())?.to_le_bytes());
            batch.extend(packet);
        }
        let len = u32::try_from(batch.len() - 4)?;
        batch[..4].copy_from_slice(&len.to_le_bytes());
        let mut reply = [0; 4];
        if self.to.write_all(&batch).is_err() || self.from.read_exact(&mut reply).is_err() {
            bail!("libsrtp's process ended with {}", self.child.wait()?);
        }
        let mut bytes = vec![0; u32::from_le_bytes(reply) as usize];
        self.from.read_exact(&mut bytes)?;
        let (mut rest, mut results) = (&bytes[..], Vec::new());
        while let Some((&[verdict, low, high], behind)) = rest.split_first_chunk() {
            let len = usize::from(u16::from_le_bytes([low, high]));
            let (packet, behind) = behind.split_at_checked(len).context("a short reply")?;
            let verdict = match verdict {
                0 => Verdict::Done,
                1 => Verdict::Replayed,
                _ => Verdict::Refused,
            };
            results.push((verdict, packet.to_vec()));
            rest = behind;
        }
        Ok(results)
    }
}

impl Drop for Libsrtp {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A packet on its way.
#[derive(Debug, Clone)]
struct Flying {
    kind: Kind,
    bytes: Vec<u8>,
    /// What was sent; none of a forgery.
    plain: Option<Vec<u8>>,
}

/// Both implementations, and the network between sender and receiver.
struct Both {
    libsrtp: Libsrtp,
    sender: Sender,
    receiver: Receiver,
    streams: Vec<Stream>,
    /// By the time of arrival, and in order.
    flying: BTreeMap<(usize, usize), Flying>,
    copies: usize,
    tally: Tally,
}

struct Stream {
    ssrc: u32,
    sequence_number: u64,
    step: u64,
}

#[derive(Default)]
struct Tally {
    sent: usize,
    wraps: u64,
    lost: usize,
    accepted: usize,
    replayed: usize,
    forged: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally {
            sent,
            wraps,
            lost,
            accepted,
            replayed,
            forged,
        } = self;
        write!(
            f,
            "{sent} packets with {wraps} wraps, {lost} lost, {accepted} accepted, \
             {replayed} repeated or too late, {forged} forged"
        )
    }
}

impl Both {
    fn start(
        program: &Path,
        suite: &str,
        profile: Profile,
        encrypts: bool,
        random: &mut Random,
    ) -> Result<Both> {
        let (key_len, salt_len) = (profile.key_len(), profile.salt_len());
        let key: Vec<u8> = (0..key_len + salt_len)
            .map(|_| random.below(256) as u8)
            .collect();
        let libsrtp = Libsrtp::start(program, suite, &key)?;
        let mut config = Config::new(profile);
        config.replay_window = 128;
        config.encrypt_rtp = encrypts;
        config.encrypt_rtcp = encrypts;
        let keys = [MasterKey::new(&key[..key_len], &key[key_len..])];
        let streams = STEPS.iter().map(|step| Stream {
            ssrc: random.number() as u32,
            // In the lower half, as RFC 3711 §3.3.1 advises: a late packet of a stream's very
            // beginning is not to look like one of half a cycle ahead.
            sequence_number: random.below(0x8000),
            step: *step,
        });
        let streams: Vec<_> = streams.collect();
        let mut sender = Sender::new(config, &keys)?;
        for stream in &streams {
            // libsrtp's first SRTCP index is 1; by RFC 3711 §3.4 it is 0.
            sender.resume(stream.ssrc, 0, 1);
        }
        Ok(Both {
            libsrtp,
            streams,
            sender,
            receiver: Receiver::new(config, &keys)?,
            flying: BTreeMap::new(),
            copies: 0,
            tally: Tally::default(),
        })
    }

    fn compare(&mut self, random: &mut Random) -> Result<Tally> {
        while self.tally.sent < PACKETS {
            let count = BATCH.min(PACKETS - self.tally.sent);
            let plain: Vec<_> = (0..count).map(|_| self.next_packet(random)).collect();
            let protected = self.protect(&plain)?;
            for ((kind, plain), bytes) in plain.into_iter().zip(protected) {
                let sent = Flying {
                    kind,
                    bytes,
                    plain: Some(plain),
                };
                self.send(random, sent);
            }
            let later = self.flying.split_off(&(self.tally.sent, 0));
            let arrived = std::mem::replace(&mut self.flying, later);
            self.deliver(&arrived.into_values().collect::<Vec<_>>())?;
        }
        let rest = std::mem::take(&mut self.flying);
        self.deliver(&rest.into_values().collect::<Vec<_>>())?;
        Ok(std::mem::take(&mut self.tally))
    }

    fn next_packet(&mut self, random: &mut Random) -> (Kind, Vec<u8>) {
        let at = random.below(self.streams.len() as u64) as usize;
        let Stream {
            ssrc,
            sequence_number,
            step,
        } = &mut self.streams[at];
        let mut packet = Vec::new();
        let kind = if random.chance(5) {
            packet.extend([0x81, 0xc9, 0, 7]);
            packet.extend(ssrc.to_be_bytes());
            Kind::Rtcp
        } else {
            let cycle = *sequence_number >> 16;
            *sequence_number += 1 + random.below(*step);
            self.tally.wraps += (*sequence_number >> 16) - cycle;
            let csrc = random.below(3) as u8;
            let extended = random.chance(10);
            packet.extend([0x80 | u8::from(extended) << 4 | csrc, 0x60]);
            packet.extend((*sequence_number as u16).to_be_bytes());
            packet.extend((random.number() as u32).to_be_bytes());
            packet.extend(ssrc.to_be_bytes());
            packet.resize(12 + 4 * usize::from(csrc), 0xcc);
            if extended {
                packet.extend([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]);
            }
            Kind::Rtp
        };
        let payload = random.below(200);
        packet.extend((0..payload).map(|_| random.below(256) as u8));
        (kind, packet)
    }

    /// Both protect these packets, to the same bytes.
    fn protect(&mut self, plain: &[(Kind, Vec<u8>)]) -> Result<Vec<Vec<u8>>> {
        let packets = plain.iter().map(|(kind, packet)| (*kind, &packet[..]));
        let theirs = self.libsrtp.exchange(false, packets)?;
        ensure!(theirs.len() == plain.len(), "a reply of another length");
        let mut protected = Vec::new();
        for ((kind, packet), (verdict, theirs)) in plain.iter().zip(theirs) {
            let mut ours = packet.clone();
            match kind {
                Kind::Rtp => self.sender.protect_rtp_vec(&mut ours)?,
                Kind::Rtcp => self.sender.protect_rtcp_vec(&mut ours)?,
            }
            if (verdict, &theirs) != (Verdict::Done, &ours) {
                bail!(
                    "{kind:?} {packet:02x?}: protected to {ours:02x?}, by libsrtp {verdict:?} {theirs:02x?}"
                );
            }
            protected.push(ours);
        }
        Ok(protected)
    }

    /// Puts a packet on its way: perhaps late, lost, doubled or followed by a forgery.
    fn send(&mut self, random: &mut Random, packet: Flying) {
        self.tally.sent += 1;
        let now = self.tally.sent;
        let arrival = |random: &mut Random| {
            // A few come so late that they have left the window.
            let delay = if random.chance(1) { 4000 } else { 40 };
            now + random.below(delay) as usize
        };
        let mut copies = Vec::new();
        if random.chance(3) {
            self.tally.lost += 1;
        } else {
            copies.push((arrival(random), packet.clone()));
        }
        if random.chance(2) {
            copies.push((arrival(random), packet.clone()));
        }
        if random.chance(2) {
            let mut forged = packet;
            let at = random.below(forged.bytes.len() as u64) as usize;
            forged.bytes[at] ^= 1 << random.below(8);
            forged.plain = None;
            copies.push((arrival(random), forged));
        }
        for (arrival, copy) in copies {
            self.flying.insert((arrival, self.copies), copy);
            self.copies += 1;
        }
    }

    /// Both unprotect what has arrived, with the same verdicts and to what was sent.
    fn deliver(&mut self, arrived: &[Flying]) -> Result<()> {
        let packets = arrived
            .iter()
            .map(|packet| (packet.kind, &packet.bytes[..]));
        let theirs = self.libsrtp.exchange(true, packets)?;
        ensure!(theirs.len() == arrived.len(), "a reply of another length");
        for (packet, (their_verdict, theirs)) in arrived.iter().zip(theirs) {
            let mut ours = packet.bytes.clone();
            let result = match packet.kind {
                Kind::Rtp => self.receiver.unprotect_rtp_vec(&mut ours),
                Kind::Rtcp => self.receiver.unprotect_rtcp_vec(&mut ours),
            };
            let verdict = match result {
                Ok(()) => Verdict::Done,
                Err(UnprotectError::Replayed | UnprotectError::TooOld) => Verdict::Replayed,
                Err(_) => Verdict::Refused,
            };
            let agree = match &packet.plain {
                Some(plain) if verdict == Verdict::Done => {
                    their_verdict == verdict && ours == *plain && theirs == *plain
                }
                // Half a cycle late, a packet is taken for one of another cycle.
                Some(_) => their_verdict == verdict,
                // Why a forgery is refused depends on what is looked at first.
                None => their_verdict != Verdict::Done && verdict != Verdict::Done,
            };
            if !agree {
                bail!("{packet:02x?}: {result:?}, libsrtp says {their_verdict:?} {theirs:02x?}");
            }
            match (verdict, &packet.plain) {
                (_, None) => self.tally.forged += 1,
                (Verdict::Done, _) => self.tally.accepted += 1,
                _ => self.tally.replayed += 1,
            }
        }
        Ok(())
    }
}
