#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "red")]
pub use rfc2198_red as red;
#[cfg(feature = "rtsp")]
pub use rfc2326_rtsp as rtsp;
#[cfg(feature = "uri")]
pub use rfc2396_uri as uri;
#[cfg(feature = "jpeg")]
pub use rfc2435_jpeg as jpeg;
#[cfg(feature = "auth")]
pub use rfc2617_auth as auth;
#[cfg(feature = "dtmf")]
pub use rfc2833_dtmf as dtmf;
#[cfg(feature = "sip")]
pub use rfc3261_sip as sip;
#[cfg(feature = "offer-answer")]
pub use rfc3264_offer_answer as offer_answer;
#[cfg(feature = "rtp")]
pub use rfc3550_rtp as rtp;
#[cfg(feature = "avp")]
pub use rfc3551_avp as avp;
#[cfg(feature = "srtp")]
pub use rfc3711_srtp as srtp;
#[cfg(feature = "sdp")]
pub use rfc4566_sdp as sdp;
#[cfg(feature = "sdes")]
pub use rfc4568_sdes as sdes;
#[cfg(feature = "stun")]
pub use rfc5389_stun as stun;
