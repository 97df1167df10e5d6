#![doc = include_str!("../README.md")]
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "tests run where std is"
)]

mod network;
mod random;
mod seeds;

pub use network::{Conditions, Delivery, Network};
pub use random::Random;
pub use seeds::for_each_seed;
