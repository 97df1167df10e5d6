//! Motion JPEG over RTSP: a server of many clients and a client (RFC 2326, RFC 2435, RFC 3550).
//!
//! ```
//! use std::time::Duration;
//! use telephony_net::rtsp::{Client, ClientConfig, Event, Movie, Presentation, Server, ServerConfig};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # const JPEG: &[u8] = include_bytes!("../../rfc2435-jpeg/tests/vectors/py_Q75_frame.jpg");
//! let mut server = Server::bind("127.0.0.1:0".parse()?, ServerConfig::default()).await?;
//! let movie = Movie::new([JPEG; 3])?;
//! server.add("movie", Presentation::new(movie, Duration::from_millis(40)))?;
//! let url = format!("rtsp://{}/movie", server.local_addr());
//! let serving = tokio::spawn(server.run(std::future::pending(), |_| {}));
//!
//! let (client, mut events) = Client::connect(&url, ClientConfig::default()).await?;
//! client.start().await?; // DESCRIBE, SETUP and PLAY
//! let mut frames = 0;
//! while let Some(event) = events.recv().await {
//!     match event {
//!         Event::Frame(frame) => frames += usize::from(frame.jpeg.starts_with(&[0xff, 0xd8])),
//!         Event::Finished => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(frames, 3);
//! serving.abort();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod client;
mod frame;
mod movie;
mod ports;
mod server;
mod users;

pub use client::{
    Client, ClientConfig, ClientError, Event, Line, PictureFrame, Reception, Reply, Transport,
};
pub use frame::VideoFrame;
pub use movie::{Movie, MovieError, Presentation, Source};
pub use server::{Multicast, Observation, Server, ServerConfig, ServerError, Totals};
pub use users::{Users, UsersError};
