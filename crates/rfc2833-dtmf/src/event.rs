//! The registry of events (RFC 4733 §3.2, §7; RFC 4734 §6; RFC 2833 §3.10 to §3.14).

use core::fmt;

/// The code of a telephone event, 0 to 255.
///
/// The registry is open: every code is an event, those with a constant have a name.
///
/// ```
/// use rfc2833_dtmf::Event;
///
/// assert_eq!(Event::from_digit('#'), Some(Event::POUND));
/// assert_eq!(Event::new(12).digit(), Some('A'));
/// assert_eq!(Event::new(36).to_string(), "CNG");
/// assert_eq!(Event::new(255).to_string(), "255");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event(u8);

impl Event {
    /// The event with a code.
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// The code.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The DTMF event of a key: `0` to `9`, `*`, `#`, `A` to `D` or `a` to `d`.
    ///
    /// A hook flash is no key: see [`Event::FLASH`].
    pub const fn from_digit(digit: char) -> Option<Self> {
        let code = match digit {
            '0'..='9' => digit as u8 - b'0',
            '*' => 10,
            '#' => 11,
            'A'..='D' => digit as u8 - b'A' + 12,
            'a'..='d' => digit as u8 - b'a' + 12,
            _ => return None,
        };
        Some(Self(code))
    }

    /// The key of a DTMF event, upper-case; `None` for other events.
    pub const fn digit(self) -> Option<char> {
        match self.0 {
            code @ 0..=9 => Some((b'0' + code) as char),
            10 => Some('*'),
            11 => Some('#'),
            code @ 12..=15 => Some((b'A' + code - 12) as char),
            _ => None,
        }
    }

    /// Whether the volume field is defined for this event: DTMF and the tones of RFC 4734.
    pub const fn has_volume(self) -> bool {
        matches!(self.0, 0..=15 | 23..=29 | 32..=40 | 49 | 52..=54 | 62 | 63)
    }

    /// Whether this is a state, which may last until updated: ABCD signalling (RFC 2833 §3.14).
    pub const fn is_state(self) -> bool {
        matches!(self.0, 144..=159)
    }

    /// The ABCD signalling state of a trunk, the bits A to D as the four low bits of `state`
    /// (RFC 2833 §3.14); the other bits are ignored.
    pub const fn abcd(state: u8) -> Self {
        Self(144 + (state & 0x0f))
    }

    /// The event's name; `None` where the registry has none.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::DIGIT_0 => "0",
            Self::DIGIT_1 => "1",
            Self::DIGIT_2 => "2",
            Self::DIGIT_3 => "3",
            Self::DIGIT_4 => "4",
            Self::DIGIT_5 => "5",
            Self::DIGIT_6 => "6",
            Self::DIGIT_7 => "7",
            Self::DIGIT_8 => "8",
            Self::DIGIT_9 => "9",
            Self::STAR => "*",
            Self::POUND => "#",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::FLASH => "flash",
            Self::CRD_SEG => "CRdSeg",
            Self::CRE_SEG => "CReSeg",
            Self::MRD_SEG => "MRdSeg",
            Self::MRE_SEG => "MReSeg",
            Self::V32AC => "V32AC",
            Self::V8BI_SEG => "V8bISeg",
            Self::V8BR_SEG => "V8bRSeg",
            Self::V21L300 => "V21L300",
            Self::V21H300 => "V21H300",
            Self::ANS => "ANS",
            Self::ANS_PHASE_REVERSAL => "/ANS",
            Self::ANSAM => "ANSam",
            Self::ANSAM_PHASE_REVERSAL => "/ANSam",
            Self::CNG => "CNG",
            Self::V21_CHANNEL_1_ZERO => "V.21 channel 1, 0",
            Self::V21_CHANNEL_1_ONE => "V.21 channel 1, 1",
            Self::V21_CHANNEL_2_ZERO => "V.21 channel 2, 0",
            Self::V21_CHANNEL_2_ONE => "V.21 channel 2, 1",
            Self::CRDI => "CRdi",
            Self::CRDR => "CRdr",
            Self::CRE => "CRe",
            Self::ESI => "ESi",
            Self::ESR => "ESr",
            Self::MRDI => "MRdi",
            Self::MRDR => "MRdr",
            Self::MRE => "MRe",
            Self::CT => "CT",
            Self::ANS2225 => "ANS2225",
            Self::CI => "CI",
            Self::V21_PREAMBLE_FLAG => "V.21 preamble flag",
            Self::V21L110 => "V21L110",
            Self::B103L300 => "B103L300",
            Self::V23_MAIN => "V23Main",
            Self::V23_BACK => "V23Back",
            Self::BAUD4545 => "Baud4545",
            Self::BAUD50 => "Baud50",
            Self::VBD_GEN => "VBDGen",
            Self::XCI_MARK => "XCIMark",
            Self::V32AA => "V32AA",
            Self::OFF_HOOK => "off hook",
            Self::ON_HOOK => "on hook",
            Self::DIAL_TONE => "dial tone",
            Self::PABX_INTERNAL_DIAL_TONE => "PABX internal dial tone",
            Self::SPECIAL_DIAL_TONE => "special dial tone",
            Self::SECOND_DIAL_TONE => "second dial tone",
            Self::RINGING_TONE => "ringing tone",
            Self::SPECIAL_RINGING_TONE => "special ringing tone",
            Self::BUSY_TONE => "busy tone",
            Self::CONGESTION_TONE => "congestion tone",
            Self::SPECIAL_INFORMATION_TONE => "special information tone",
            Self::COMFORT_TONE => "comfort tone",
            Self::HOLD_TONE => "hold tone",
            Self::RECORD_TONE => "record tone",
            Self::CALLER_WAITING_TONE => "caller waiting tone",
            Self::CALL_WAITING_TONE => "call waiting tone",
            Self::PAY_TONE => "pay tone",
            Self::POSITIVE_INDICATION_TONE => "positive indication tone",
            Self::NEGATIVE_INDICATION_TONE => "negative indication tone",
            Self::WARNING_TONE => "warning tone",
            Self::INTRUSION_TONE => "intrusion tone",
            Self::CALLING_CARD_SERVICE_TONE => "calling card service tone",
            Self::PAYPHONE_RECOGNITION_TONE => "payphone recognition tone",
            Self::CPE_ALERTING_SIGNAL => "CPE alerting signal",
            Self::OFF_HOOK_WARNING_TONE => "off-hook warning tone",
            Self::RING => "ring",
            Self::ACCEPTANCE_TONE => "acceptance tone",
            Self::CONFIRMATION_TONE => "confirmation tone",
            Self::RECALL_DIAL_TONE => "recall dial tone",
            Self::END_OF_THREE_PARTY_SERVICE_TONE => "end of three party service tone",
            Self::FACILITIES_TONE => "facilities tone",
            Self::LINE_LOCKOUT_TONE => "line lockout tone",
            Self::NUMBER_UNOBTAINABLE_TONE => "number unobtainable tone",
            Self::OFFERING_TONE => "offering tone",
            Self::PERMANENT_SIGNAL_TONE => "permanent signal tone",
            Self::PREEMPTION_TONE => "preemption tone",
            Self::QUEUE_TONE => "queue tone",
            Self::REFUSAL_TONE => "refusal tone",
            Self::ROUTE_TONE => "route tone",
            Self::VALID_TONE => "valid tone",
            Self::WAITING_TONE => "waiting tone",
            Self::END_OF_PERIOD_WARNING_TONE => "warning tone, end of period",
            Self::PIP_TONE => "warning tone, PIP",
            Self::MF_0 => "MF 0",
            Self::MF_1 => "MF 1",
            Self::MF_2 => "MF 2",
            Self::MF_3 => "MF 3",
            Self::MF_4 => "MF 4",
            Self::MF_5 => "MF 5",
            Self::MF_6 => "MF 6",
            Self::MF_7 => "MF 7",
            Self::MF_8 => "MF 8",
            Self::MF_9 => "MF 9",
            Self::MF_K0 => "MF K0",
            Self::MF_K1 => "MF K1",
            Self::MF_K2 => "MF K2",
            Self::MF_S0 => "MF S0",
            Self::MF_S1 => "MF S1",
            Self::MF_S3 => "MF S3",
            Self::WINK => "wink",
            Self::WINK_OFF => "wink off",
            Self::INCOMING_SEIZURE => "incoming seizure",
            Self::SEIZURE => "seizure",
            Self::UNSEIZE_CIRCUIT => "unseize circuit",
            Self::CONTINUITY_TEST => "continuity test",
            Self::DEFAULT_CONTINUITY_TONE => "default continuity tone",
            Self::SINGLE_CONTINUITY_TONE => "single continuity tone",
            Self::CONTINUITY_TEST_SEND => "continuity test send",
            Self::CONTINUITY_VERIFIED => "continuity verified",
            Self::LOOPBACK => "loopback",
            Self::OLD_MILLIWATT_TONE => "old milliwatt tone",
            Self::NEW_MILLIWATT_TONE => "new milliwatt tone",
            Self(144..=159) => "ABCD signalling",
            _ => return None,
        })
    }
}

/// The codes that have a name.
impl Event {
    /// DTMF digit 0.
    pub const DIGIT_0: Self = Self(0);
    /// DTMF digit 1.
    pub const DIGIT_1: Self = Self(1);
    /// DTMF digit 2.
    pub const DIGIT_2: Self = Self(2);
    /// DTMF digit 3.
    pub const DIGIT_3: Self = Self(3);
    /// DTMF digit 4.
    pub const DIGIT_4: Self = Self(4);
    /// DTMF digit 5.
    pub const DIGIT_5: Self = Self(5);
    /// DTMF digit 6.
    pub const DIGIT_6: Self = Self(6);
    /// DTMF digit 7.
    pub const DIGIT_7: Self = Self(7);
    /// DTMF digit 8.
    pub const DIGIT_8: Self = Self(8);
    /// DTMF digit 9.
    pub const DIGIT_9: Self = Self(9);
    /// DTMF `*`.
    pub const STAR: Self = Self(10);
    /// DTMF `#`.
    pub const POUND: Self = Self(11);
    /// DTMF A.
    pub const A: Self = Self(12);
    /// DTMF B.
    pub const B: Self = Self(13);
    /// DTMF C.
    pub const C: Self = Self(14);
    /// DTMF D.
    pub const D: Self = Self(15);
    /// Hook flash (RFC 2833).
    pub const FLASH: Self = Self(16);
    /// Second segment of V.8 bis CRd (RFC 4734).
    pub const CRD_SEG: Self = Self(23);
    /// Second segment of V.8 bis CRe (RFC 4734).
    pub const CRE_SEG: Self = Self(24);
    /// Second segment of V.8 bis MRd (RFC 4734).
    pub const MRD_SEG: Self = Self(25);
    /// Second segment of V.8 bis MRe (RFC 4734).
    pub const MRE_SEG: Self = Self(26);
    /// V.32 AC pattern (RFC 4734).
    pub const V32AC: Self = Self(27);
    /// First segment of an initiating V.8 bis signal (RFC 4734).
    pub const V8BI_SEG: Self = Self(28);
    /// First segment of a responding V.8 bis signal (RFC 4734).
    pub const V8BR_SEG: Self = Self(29);
    /// V.21 low channel, 300 bit/s, text telephony (RFC 4734).
    pub const V21L300: Self = Self(30);
    /// V.21 high channel, 300 bit/s, text telephony (RFC 4734).
    pub const V21H300: Self = Self(31);
    /// V.25 answer tone, T.30 CED (RFC 4734).
    pub const ANS: Self = Self(32);
    /// V.25 answer tone after a phase reversal (RFC 4734).
    pub const ANS_PHASE_REVERSAL: Self = Self(33);
    /// V.8 amplitude modulated answer tone (RFC 4734).
    pub const ANSAM: Self = Self(34);
    /// V.8 amplitude modulated answer tone after a phase reversal (RFC 4734).
    pub const ANSAM_PHASE_REVERSAL: Self = Self(35);
    /// T.30 calling tone (RFC 4734).
    pub const CNG: Self = Self(36);
    /// V.21 channel 1, bit 0 (RFC 4734).
    pub const V21_CHANNEL_1_ZERO: Self = Self(37);
    /// V.21 channel 1, bit 1; also V.8 bis ESiSeg (RFC 4734).
    pub const V21_CHANNEL_1_ONE: Self = Self(38);
    /// V.21 channel 2, bit 0 (RFC 4734).
    pub const V21_CHANNEL_2_ZERO: Self = Self(39);
    /// V.21 channel 2, bit 1; also V.8 bis ESrSeg (RFC 4734).
    pub const V21_CHANNEL_2_ONE: Self = Self(40);
    /// V.8 bis CRdi (RFC 2833, deprecated).
    pub const CRDI: Self = Self(41);
    /// V.8 bis CRdr (RFC 2833, deprecated).
    pub const CRDR: Self = Self(42);
    /// V.8 bis CRe (RFC 2833, deprecated).
    pub const CRE: Self = Self(43);
    /// V.8 bis ESi (RFC 2833, deprecated).
    pub const ESI: Self = Self(44);
    /// V.8 bis ESr (RFC 2833, deprecated).
    pub const ESR: Self = Self(45);
    /// V.8 bis MRdi (RFC 2833, deprecated).
    pub const MRDI: Self = Self(46);
    /// V.8 bis MRdr (RFC 2833, deprecated).
    pub const MRDR: Self = Self(47);
    /// V.8 bis MRe (RFC 2833, deprecated).
    pub const MRE: Self = Self(48);
    /// V.25 calling tone (RFC 4734).
    pub const CT: Self = Self(49);
    /// 2225 Hz indication, text telephony (RFC 4734).
    pub const ANS2225: Self = Self(52);
    /// V.8 call indicator preamble (RFC 4734).
    pub const CI: Self = Self(53);
    /// T.30 V.21 preamble flag (RFC 4734).
    pub const V21_PREAMBLE_FLAG: Self = Self(54);
    /// V.21 low channel, 110 bit/s, text telephony (RFC 4734).
    pub const V21L110: Self = Self(55);
    /// Bell 103 low channel, text telephony (RFC 4734).
    pub const B103L300: Self = Self(56);
    /// V.23 main channel, text telephony (RFC 4734).
    pub const V23_MAIN: Self = Self(57);
    /// V.23 back channel, text telephony (RFC 4734).
    pub const V23_BACK: Self = Self(58);
    /// Baudot at 45.45 bit/s, text telephony (RFC 4734).
    pub const BAUD4545: Self = Self(59);
    /// Baudot at 50 bit/s, text telephony (RFC 4734).
    pub const BAUD50: Self = Self(60);
    /// Tones of an unidentified modem type (RFC 4734).
    pub const VBD_GEN: Self = Self(61);
    /// V.18 XCI mark (RFC 4734).
    pub const XCI_MARK: Self = Self(62);
    /// V.32 AA pattern (RFC 4734).
    pub const V32AA: Self = Self(63);
    /// Off hook (RFC 2833, deprecated).
    pub const OFF_HOOK: Self = Self(64);
    /// On hook (RFC 2833, deprecated).
    pub const ON_HOOK: Self = Self(65);
    /// Dial tone (RFC 2833, deprecated).
    pub const DIAL_TONE: Self = Self(66);
    /// PABX internal dial tone (RFC 2833, deprecated).
    pub const PABX_INTERNAL_DIAL_TONE: Self = Self(67);
    /// Special dial tone (RFC 2833, deprecated).
    pub const SPECIAL_DIAL_TONE: Self = Self(68);
    /// Second dial tone (RFC 2833, deprecated).
    pub const SECOND_DIAL_TONE: Self = Self(69);
    /// Ringing tone (RFC 2833, deprecated).
    pub const RINGING_TONE: Self = Self(70);
    /// Special ringing tone (RFC 2833, deprecated).
    pub const SPECIAL_RINGING_TONE: Self = Self(71);
    /// Busy tone (RFC 2833, deprecated).
    pub const BUSY_TONE: Self = Self(72);
    /// Congestion tone (RFC 2833, deprecated).
    pub const CONGESTION_TONE: Self = Self(73);
    /// Special information tone (RFC 2833, deprecated).
    pub const SPECIAL_INFORMATION_TONE: Self = Self(74);
    /// Comfort tone (RFC 2833, deprecated).
    pub const COMFORT_TONE: Self = Self(75);
    /// Hold tone (RFC 2833, deprecated).
    pub const HOLD_TONE: Self = Self(76);
    /// Record tone (RFC 2833, deprecated).
    pub const RECORD_TONE: Self = Self(77);
    /// Caller waiting tone (RFC 2833, deprecated).
    pub const CALLER_WAITING_TONE: Self = Self(78);
    /// Call waiting tone (RFC 2833, deprecated).
    pub const CALL_WAITING_TONE: Self = Self(79);
    /// Pay tone (RFC 2833, deprecated).
    pub const PAY_TONE: Self = Self(80);
    /// Positive indication tone (RFC 2833, deprecated).
    pub const POSITIVE_INDICATION_TONE: Self = Self(81);
    /// Negative indication tone (RFC 2833, deprecated).
    pub const NEGATIVE_INDICATION_TONE: Self = Self(82);
    /// Warning tone (RFC 2833, deprecated).
    pub const WARNING_TONE: Self = Self(83);
    /// Intrusion tone (RFC 2833, deprecated).
    pub const INTRUSION_TONE: Self = Self(84);
    /// Calling card service tone (RFC 2833, deprecated).
    pub const CALLING_CARD_SERVICE_TONE: Self = Self(85);
    /// Payphone recognition tone (RFC 2833, deprecated).
    pub const PAYPHONE_RECOGNITION_TONE: Self = Self(86);
    /// CPE alerting signal (RFC 2833, deprecated).
    pub const CPE_ALERTING_SIGNAL: Self = Self(87);
    /// Off-hook warning tone (RFC 2833, deprecated).
    pub const OFF_HOOK_WARNING_TONE: Self = Self(88);
    /// Ring (RFC 2833, deprecated).
    pub const RING: Self = Self(89);
    /// Acceptance tone (RFC 2833, deprecated).
    pub const ACCEPTANCE_TONE: Self = Self(96);
    /// Confirmation tone (RFC 2833, deprecated).
    pub const CONFIRMATION_TONE: Self = Self(97);
    /// Recall dial tone (RFC 2833, deprecated).
    pub const RECALL_DIAL_TONE: Self = Self(98);
    /// End of three party service tone (RFC 2833, deprecated).
    pub const END_OF_THREE_PARTY_SERVICE_TONE: Self = Self(99);
    /// Facilities tone (RFC 2833, deprecated).
    pub const FACILITIES_TONE: Self = Self(100);
    /// Line lockout tone (RFC 2833, deprecated).
    pub const LINE_LOCKOUT_TONE: Self = Self(101);
    /// Number unobtainable tone (RFC 2833, deprecated).
    pub const NUMBER_UNOBTAINABLE_TONE: Self = Self(102);
    /// Offering tone (RFC 2833, deprecated).
    pub const OFFERING_TONE: Self = Self(103);
    /// Permanent signal tone (RFC 2833, deprecated).
    pub const PERMANENT_SIGNAL_TONE: Self = Self(104);
    /// Preemption tone (RFC 2833, deprecated).
    pub const PREEMPTION_TONE: Self = Self(105);
    /// Queue tone (RFC 2833, deprecated).
    pub const QUEUE_TONE: Self = Self(106);
    /// Refusal tone (RFC 2833, deprecated).
    pub const REFUSAL_TONE: Self = Self(107);
    /// Route tone (RFC 2833, deprecated).
    pub const ROUTE_TONE: Self = Self(108);
    /// Valid tone (RFC 2833, deprecated).
    pub const VALID_TONE: Self = Self(109);
    /// Waiting tone (RFC 2833, deprecated).
    pub const WAITING_TONE: Self = Self(110);
    /// Warning tone, end of period (RFC 2833, deprecated).
    pub const END_OF_PERIOD_WARNING_TONE: Self = Self(111);
    /// Warning tone, PIP (RFC 2833, deprecated).
    pub const PIP_TONE: Self = Self(112);
    /// Trunk signalling, MF 0 (RFC 2833).
    pub const MF_0: Self = Self(128);
    /// Trunk signalling, MF 1 (RFC 2833).
    pub const MF_1: Self = Self(129);
    /// Trunk signalling, MF 2 (RFC 2833).
    pub const MF_2: Self = Self(130);
    /// Trunk signalling, MF 3 (RFC 2833).
    pub const MF_3: Self = Self(131);
    /// Trunk signalling, MF 4 (RFC 2833).
    pub const MF_4: Self = Self(132);
    /// Trunk signalling, MF 5 (RFC 2833).
    pub const MF_5: Self = Self(133);
    /// Trunk signalling, MF 6 (RFC 2833).
    pub const MF_6: Self = Self(134);
    /// Trunk signalling, MF 7 (RFC 2833).
    pub const MF_7: Self = Self(135);
    /// Trunk signalling, MF 8 (RFC 2833).
    pub const MF_8: Self = Self(136);
    /// Trunk signalling, MF 9 (RFC 2833).
    pub const MF_9: Self = Self(137);
    /// Trunk signalling, MF K0 or KP, start of pulsing (RFC 2833).
    pub const MF_K0: Self = Self(138);
    /// Trunk signalling, MF K1 (RFC 2833).
    pub const MF_K1: Self = Self(139);
    /// Trunk signalling, MF K2 (RFC 2833).
    pub const MF_K2: Self = Self(140);
    /// Trunk signalling, MF S0 or ST, end of pulsing (RFC 2833).
    pub const MF_S0: Self = Self(141);
    /// Trunk signalling, MF S1 (RFC 2833).
    pub const MF_S1: Self = Self(142);
    /// Trunk signalling, MF S3 (RFC 2833).
    pub const MF_S3: Self = Self(143);
    /// Trunk: wink (RFC 2833, deprecated).
    pub const WINK: Self = Self(160);
    /// Trunk: wink off (RFC 2833, deprecated).
    pub const WINK_OFF: Self = Self(161);
    /// Trunk: incoming seizure (RFC 2833, deprecated).
    pub const INCOMING_SEIZURE: Self = Self(162);
    /// Trunk: seizure (RFC 2833, deprecated).
    pub const SEIZURE: Self = Self(163);
    /// Trunk: unseize circuit (RFC 2833, deprecated).
    pub const UNSEIZE_CIRCUIT: Self = Self(164);
    /// Trunk: continuity test (RFC 2833, deprecated).
    pub const CONTINUITY_TEST: Self = Self(165);
    /// Trunk: default continuity tone (RFC 2833, deprecated).
    pub const DEFAULT_CONTINUITY_TONE: Self = Self(166);
    /// Trunk: single continuity tone (RFC 2833, deprecated).
    pub const SINGLE_CONTINUITY_TONE: Self = Self(167);
    /// Trunk: continuity test send (RFC 2833, deprecated).
    pub const CONTINUITY_TEST_SEND: Self = Self(168);
    /// Trunk: continuity verified (RFC 2833, deprecated).
    pub const CONTINUITY_VERIFIED: Self = Self(170);
    /// Trunk: loopback (RFC 2833, deprecated).
    pub const LOOPBACK: Self = Self(171);
    /// Trunk: old milliwatt tone (RFC 2833, deprecated).
    pub const OLD_MILLIWATT_TONE: Self = Self(172);
    /// Trunk: new milliwatt tone (RFC 2833, deprecated).
    pub const NEW_MILLIWATT_TONE: Self = Self(173);
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn digits_map_to_codes_and_back() {
        let digits = "0123456789*#ABCD";
        let events: alloc::vec::Vec<Event> = digits.chars().filter_map(Event::from_digit).collect();
        assert!(events.iter().map(|event| event.code()).eq(0..16));
        assert_eq!(
            events
                .iter()
                .filter_map(|event| event.digit())
                .collect::<String>(),
            digits
        );
    }

    #[test]
    fn lower_case_letters_are_digits_not_flash() {
        for (lower, code) in "abcd".chars().zip(12..) {
            assert_eq!(Event::from_digit(lower), Some(Event::new(code)));
        }
        assert_eq!(Event::from_digit('!'), None);
        assert_eq!(Event::from_digit('e'), None);
        assert_eq!(Event::FLASH.digit(), None);
    }

    #[test]
    fn reserved_codes_of_the_registry_have_no_name() {
        let unnamed = |code| Event::new(code).name().is_none();
        let unassigned = [17..=22, 50..=51, 90..=95, 113..=127, 169..=169, 174..=255];
        assert!(unassigned.into_iter().flatten().all(unnamed));
        let assigned = [0..=16, 23..=49, 52..=89, 96..=112, 128..=168, 170..=173]
            .into_iter()
            .flatten();
        assert!(assigned.into_iter().all(|code| !unnamed(code)));
    }

    #[test]
    fn volume_is_for_tones_only() {
        assert!(Event::D.has_volume() && Event::CNG.has_volume());
        assert!(!Event::FLASH.has_volume() && !Event::V23_MAIN.has_volume());
        assert!(!Event::new(255).has_volume() && !Event::abcd(0b1010).has_volume());
    }

    #[test]
    fn states_are_the_abcd_codes() {
        assert!(Event::abcd(0).is_state() && Event::abcd(0xff).is_state());
        assert_eq!(Event::abcd(0b1111).code(), 159);
        assert!(!Event::new(143).is_state() && !Event::new(160).is_state());
    }
}
