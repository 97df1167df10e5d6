//! The `telephony` command.

fn main() {}
